import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { HttpConfig } from '../config/config.types.js';
import type { Accepted } from '../contracts/account.dto.js';
import type { ExportStatus } from '../contracts/privacy.dto.js';
import { Audit } from '../platform/audit/audit.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Log } from '../platform/logging/log.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { KeyRing } from '../platform/secrets/key-ring.js';
import { hashToken, isToken } from '../platform/secrets/token.js';
import { exportLink } from './export-link.js';
import { ExportRepository } from './export.repository.js';
import type { ExportRow } from './export.repository.js';
import { privacyJobs } from './privacy.jobs.js';

/** A copy of what is stored about a person: made in a job (`ExportMaker`), sealed, fetched once with one's own session and a link of ten minutes. */
@Injectable()
export class ExportService {
  constructor(
    private readonly repository: ExportRepository,
    private readonly audit: Audit,
    private readonly keys: KeyRing,
    private readonly jobs: JobProducer,
    private readonly http: HttpConfig,
    private readonly log: Log,
  ) {}

  async ask({ userId }: Identity): Promise<Accepted> {
    const id = randomUUID();
    await this.audit.transaction(async (transaction) => {
      await this.repository.insert(transaction, id, userId);
      await this.audit.append(transaction, { event: 'export.ask', target: id });
    });
    this.enqueue(id).catch((error: unknown) => this.log.warn({ event: 'export.wake_failed', err: error }));
    return { status: 'accepted' };
  }

  async status({ userId, kind }: Identity): Promise<ExportStatus> {
    const newest = await this.repository.findNewest(userId);
    if (!newest) return { status: 'none' };
    const status = statusOf(newest);
    if (status !== 'ready') return { status };
    const expiresAt = newest.expiresAt?.toISOString() ?? '';
    if (kind === 'member' || !newest.tokenSealed) return { status, expiresAt };
    return {
      status,
      expiresAt,
      link: exportLink(this.http.publicOrigin, this.keys.unseal('token', newest.tokenSealed)),
    };
  }

  /**
   * The archive, once.
   * @throws NotFound for a token that is unknown, used, over or somebody else's
   */
  async fetch({ userId }: Identity, token: string): Promise<object> {
    const sealed =
      isToken(token) &&
      (await this.audit.transaction(async (transaction) => {
        const archive = await this.repository.take(transaction, userId, hashToken(token));
        if (archive) await this.audit.append(transaction, { event: 'export.fetch' });
        return archive;
      }));
    if (sealed) return JSON.parse(this.keys.unseal('export', sealed)) as object;
    throw new NotFound();
  }

  /** Puts back what a lost or failed job left behind, ever more seldom, and in the end no more. */
  async resume(): Promise<void> {
    for (const { id: exportId, isGivenUp } of await this.repository.takeForgotten())
      if (isGivenUp) this.log.error({ event: 'export.given_up', exportId });
      else await this.enqueue(exportId);
  }

  private enqueue(exportId: string): Promise<void> {
    return this.jobs.add(privacyJobs, 'export.make', { exportId }, { deduplication: { id: exportId } });
  }
}

function statusOf({ readyAt, usedAt, isExpired }: ExportRow): ExportStatus['status'] {
  if (usedAt) return 'fetched';
  if (!readyAt) return 'preparing';
  return isExpired ? 'expired' : 'ready';
}

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SignedOut } from '../auth/auth.types.js';
import { SessionService } from '../auth/session.service.js';
import type { ErasureAccepted } from '../contracts/privacy.dto.js';
import { Audit } from '../platform/audit/audit.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Log } from '../platform/logging/log.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { ErasureRepository } from './erasure.repository.js';
import { privacyJobs } from './privacy.jobs.js';

/** Being forgotten: the sessions end with the request, the rest follows in a job (`Eraser`). */
@Injectable()
export class ErasureService {
  constructor(
    private readonly repository: ErasureRepository,
    private readonly sessions: SessionService,
    private readonly audit: Audit,
    private readonly jobs: JobProducer,
    private readonly log: Log,
  ) {}

  async ask({ userId }: Identity): Promise<SignedOut<ErasureAccepted>> {
    const { receipt, ended } = await this.audit.transaction(async (transaction) => {
      const receipt = await this.repository.insert(transaction, randomUUID(), userId);
      const ended = await this.sessions.endAll(transaction, userId);
      await this.audit.append(transaction, { event: 'erasure.ask', target: receipt });
      return { receipt, ended };
    });
    this.sessions.announceEnded(ended, userId);
    this.enqueue(receipt).catch((error: unknown) => this.log.warn({ event: 'erasure.wake_failed', err: error }));
    return new SignedOut({ receipt });
  }

  /** Puts back what a lost or failed job left behind, ever more seldom, and in the end no more. */
  async resume(): Promise<void> {
    for (const { id: erasureId, isGivenUp } of await this.repository.takeForgotten())
      if (isGivenUp) this.log.error({ event: 'erasure.given_up', erasureId });
      else await this.enqueue(erasureId);
  }

  private enqueue(erasureId: string): Promise<void> {
    return this.jobs.add(privacyJobs, 'user.erase', { erasureId }, { deduplication: { id: erasureId } });
  }
}

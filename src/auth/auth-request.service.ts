import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { canonicalEmail, emailForms } from '../platform/mail/email-address.js';
import type { EmailForms } from '../platform/mail/email-address.js';
import { InputInvalid } from '../platform/errors/stoa-error.js';
import { Log } from '../platform/logging/log.js';
import type { Transaction } from '../platform/postgres/database.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { KeyRing } from '../platform/secrets/key-ring.js';
import { AuthRequestRepository } from './auth-request.repository.js';
import type { AuthRequestKind, NewAuthRequest, UsedToken } from './auth-request.types.js';
import { TokenInvalid } from './auth.errors.js';
import { authJobs } from './auth.jobs.js';
import { hashToken } from '../platform/secrets/token.js';

/** The outbox as the doors use it: put in, wake the worker, use a token. Never looks whether an address is known. */
@Injectable()
export class AuthRequestService {
  constructor(
    private readonly repository: AuthRequestRepository,
    private readonly keys: KeyRing,
    private readonly jobs: JobProducer,
    private readonly log: Log,
  ) {}

  /** @throws InputInvalid for what is no address */
  readEmail(email: string): EmailForms {
    const forms = emailForms(email);
    if (!forms) throw new InputInvalid([{ field: 'email', code: 'format' }]);
    return forms;
  }

  /** What stands for an address in the outbox. */
  digestOf(canonical: string): string {
    return this.keys.digest('email', canonical);
  }

  /** @returns the id to `wake` with after the commit */
  async submit(transaction: Transaction, { email, ...request }: NewAuthRequest): Promise<string> {
    const id = randomUUID();
    await this.repository.insert(transaction, {
      ...request,
      id,
      emailSealed: this.keys.seal('email', email),
      emailDigest: this.digestOf(canonicalEmail(email) ?? ''),
    });
    return id;
  }

  /** Tells the worker; a word that is lost is made good by the sweep. Nobody waits for it. */
  wake(requestId: string): void {
    this.log.info({ event: 'auth.request_stored', authRequestId: requestId });
    this.jobs
      .add(authJobs, 'request.handle', { requestId }, { deduplication: { id: requestId } })
      .catch((error: unknown) => this.log.warn({ event: 'auth.wake_failed', err: error }));
  }

  /** Forgets all that waits for an address whose owner is erased, and what was counted about it. */
  async forget(transaction: Transaction, canonical: string): Promise<void> {
    await this.repository.deleteOfAddress(transaction, this.keys.digests('email', canonical));
  }

  /** The one use of a token. @throws TokenInvalid */
  async useToken(
    transaction: Transaction,
    kind: AuthRequestKind,
    token: string,
  ): Promise<UsedToken & { email: EmailForms }> {
    const used = await this.repository.useToken(transaction, kind, hashToken(token));
    if (!used) throw new TokenInvalid();
    return { ...used, email: this.readEmail(this.keys.unseal('email', used.emailSealed)) };
  }
}

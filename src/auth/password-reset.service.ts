import { Injectable } from '@nestjs/common';
import type { Accepted, AskPasswordReset, ConfirmPasswordReset } from '../contracts/account.dto.js';
import { Audit } from '../platform/audit/audit.js';
import { AuthRequestService } from './auth-request.service.js';
import { TokenInvalid } from './auth.errors.js';
import { MemberRepository } from './member.repository.js';
import { PasswordHasher } from './password-hasher.js';
import { requireGoodPassword } from './password-rules.js';
import { SessionService } from './session.service.js';
import type { Visitor } from './session.types.js';

/** A forgotten password. Its reset ends every session of the member and signs nobody in. */
@Injectable()
export class PasswordResetService {
  constructor(
    private readonly requests: AuthRequestService,
    private readonly hasher: PasswordHasher,
    private readonly members: MemberRepository,
    private readonly sessions: SessionService,
    private readonly audit: Audit,
  ) {}

  /** The same work and the same answer whether or not the address is known. */
  async ask({ overQuietLimit }: Visitor, { email }: AskPasswordReset): Promise<Accepted> {
    const { written, canonical } = this.requests.readEmail(email);
    const target = this.audit.dayDigest(this.requests.digestOf(canonical));
    const id = await this.audit.transaction(async (transaction) => {
      await this.audit.append(transaction, { event: 'password.ask_reset', actor: null, target });
      return this.requests.submit(transaction, { kind: 'password_reset', email: written, throttled: overQuietLimit });
    });
    this.requests.wake(id);
    return { status: 'accepted' };
  }

  /** @throws TokenInvalid; InputInvalid without using the token */
  async confirm({ token, password }: ConfirmPasswordReset): Promise<void> {
    requireGoodPassword(password, '');
    const passwordHash = await this.hasher.hash(password);
    const { userId, ended, notice } = await this.audit.transaction(async (transaction) => {
      const used = await this.requests.useToken(transaction, 'password_reset', token);
      const { userId, credentialsVersion, email } = used;
      if (!userId || credentialsVersion === null) throw new TokenInvalid();
      // Only whoever holds the token learns this; it is not used up, as nothing of this is committed.
      requireGoodPassword(password, email.canonical);
      if (!(await this.members.changePassword(transaction, userId, credentialsVersion, passwordHash)))
        throw new TokenInvalid();
      const ended = await this.sessions.endAll(transaction, userId);
      await this.audit.append(transaction, { event: 'password.reset', actor: userId });
      const notice = await this.requests.submit(transaction, {
        kind: 'notice',
        notice: 'password_changed',
        email: email.written,
        userId,
      });
      return { userId, ended, notice };
    });
    this.sessions.announceEnded(ended, userId);
    this.requests.wake(notice);
  }
}

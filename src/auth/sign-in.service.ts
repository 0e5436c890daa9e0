import { Injectable } from '@nestjs/common';
import type { SignIn } from '../contracts/account.dto.js';
import { Audit } from '../platform/audit/audit.js';
import { canonicalEmail } from '../platform/mail/email-address.js';
import { Log } from '../platform/logging/log.js';
import { Database } from '../platform/postgres/database.js';
import { AuthRequestService } from './auth-request.service.js';
import { LoginFailed } from './auth.errors.js';
import { MemberRepository } from './member.repository.js';
import type { Credentials } from './member.repository.js';
import { PasswordHasher } from './password-hasher.js';
import { SignedIn } from './auth.types.js';
import { SessionService } from './session.service.js';
import type { Visitor } from './session.types.js';
import { UserService } from './user.service.js';

/** Signing in. Unknown, wrong, unconfirmed and suspended cost and answer the same: one look-up, one Argon2id, one audit row. */
@Injectable()
export class SignInService {
  constructor(
    private readonly members: MemberRepository,
    private readonly hasher: PasswordHasher,
    private readonly requests: AuthRequestService,
    private readonly users: UserService,
    private readonly sessions: SessionService,
    private readonly database: Database,
    private readonly audit: Audit,
    private readonly log: Log,
  ) {}

  /** @throws LoginFailed */
  async signIn(visitor: Visitor, { email, password }: SignIn): Promise<SignedIn> {
    const canonical = canonicalEmail(email) ?? email.toLowerCase();
    const member = (await this.members.findByEmail(canonical)) ?? this.nobody();
    const fits = await this.hasher.verify(password, member.passwordHash);
    const target = this.requests.digestOf(canonical);
    if (!fits || member.suspended) return this.refuse(target);
    const opened = await this.database.transaction(async (transaction) => {
      await this.audit.append(transaction, { event: 'login', actor: member.id, target });
      return this.sessions.open(transaction, { id: member.id, kind: 'member' }, visitor);
    });
    this.sessions.announceReplaced(visitor);
    this.renewHash(member, password);
    return new SignedIn(await this.users.viewOf(member.id), opened);
  }

  /** What is verified where there is no account: a hash that no password fits. */
  private nobody(): Credentials {
    return { id: '', email: '', passwordHash: this.hasher.dummyHash, credentialsVersion: 0, suspended: false };
  }

  private async refuse(target: string): Promise<never> {
    await this.database.transaction((transaction) =>
      this.audit.append(transaction, { event: 'login', target, result: 'refused', reason: 'LOGIN_FAILED' }),
    );
    throw new LoginFailed();
  }

  /** With today's parameters, and never while the answer waits. */
  private renewHash({ id, passwordHash }: Credentials, password: string): void {
    if (!this.hasher.isOutdated(passwordHash)) return;
    this.hasher
      .hash(password)
      .then((renewed) => this.members.replaceHash(id, passwordHash, renewed))
      .catch((error: unknown) => this.log.warn({ event: 'password.renewal_failed', err: error }));
  }
}

import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { MemberRepository } from './member.repository.js';
import type { Credentials, CredentialsOrRegistration } from './member.repository.js';
import { PasswordHasher } from './password-hasher.js';

/** At most one of them. */
export interface CheckedCredentials {
  /** Whose password it is, when they may sign in. */
  member?: Credentials;
  /** Whose password it is, when it was never confirmed. */
  registrationId?: string;
}

/** Whether a password is right. Always one look-up and one Argon2id, whether or not there is an account. */
@Injectable()
export class CredentialCheck {
  constructor(
    private readonly members: MemberRepository,
    private readonly hasher: PasswordHasher,
    private readonly log: Log,
  ) {}

  /**
   * Whose the password is; nobody's for all else.
   * @throws Busy
   */
  async check(email: { canonical: string; digest: string }, password: string): Promise<CheckedCredentials> {
    this.hasher.requireRoom();
    const found = (await this.members.findForSignIn(email.canonical, email.digest)) ?? this.nobody();
    const { registrationId, ...member } = found;
    const fits = await this.hasher.verify(password, member.passwordHash);
    if (!fits || member.suspended) return {};
    return registrationId ? { registrationId } : { member };
  }

  verify(password: string, { passwordHash }: Credentials): Promise<boolean> {
    return this.hasher.verify(password, passwordHash);
  }

  /** Hashes with today's parameters what was hashed with others, and never while an answer waits. */
  renew({ id, passwordHash }: Credentials, password: string): void {
    if (!this.hasher.isOutdated(passwordHash)) return;
    this.hasher
      .hash(password)
      .then((renewed) => this.members.replaceHash(id, passwordHash, renewed))
      .catch((error: unknown) => this.log.warn({ event: 'password.renewal_failed', err: error }));
  }

  /** What is verified where there is no account: a hash that no password fits. */
  private nobody(): CredentialsOrRegistration {
    const { dummyHash: passwordHash } = this.hasher;
    return { id: '', email: '', passwordHash, credentialsVersion: 0, suspended: false, registrationId: null };
  }
}

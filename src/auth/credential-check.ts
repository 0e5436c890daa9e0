import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { MemberRepository } from './member.repository.js';
import type { Credentials } from './member.repository.js';
import { PasswordHasher } from './password-hasher.js';

/** Whether a password is right. Always one look-up and one Argon2id, whether or not there is an account. */
@Injectable()
export class CredentialCheck {
  constructor(
    private readonly members: MemberRepository,
    private readonly hasher: PasswordHasher,
    private readonly log: Log,
  ) {}

  /**
   * The member, when the password is theirs and they may sign in; undefined for all else.
   * @throws Busy
   */
  async check(canonicalEmail: string, password: string): Promise<Credentials | undefined> {
    this.hasher.requireRoom();
    const member = (await this.members.findByEmail(canonicalEmail)) ?? this.nobody();
    const fits = await this.hasher.verify(password, member.passwordHash);
    return fits && !member.suspended ? member : undefined;
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
  private nobody(): Credentials {
    return { id: '', email: '', passwordHash: this.hasher.dummyHash, credentialsVersion: 0, suspended: false };
  }
}

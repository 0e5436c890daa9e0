import { randomUUID } from 'node:crypto';
import { PasswordHasher } from '../../src/auth/password-hasher.js';
import { AuthRequestService } from '../../src/auth/auth-request.service.js';
import { Database } from '../../src/platform/postgres/database.js';
import type { AuthApp } from './auth-app.js';

export const PASSWORD = 'correct horse battery staple';
export const anEmail = (): string => `user-${randomUUID()}@example.com`;

/** Makes accounts in every condition without going through the doors. */
export class Accounts {
  private hash = '';

  private constructor(
    private readonly database: Database,
    private readonly requests: AuthRequestService,
  ) {}

  static async of({ app }: AuthApp): Promise<Accounts> {
    const accounts = new Accounts(app.get(Database), app.get(AuthRequestService));
    accounts.hash = await app.get(PasswordHasher, { strict: false }).hash(PASSWORD);
    return accounts;
  }

  /** @returns the address of a member whose password is `PASSWORD` */
  async member({ suspended = false } = {}): Promise<string> {
    const email = anEmail();
    await this.database.query(
      `INSERT INTO users (id, kind, age_band, languages, interests, email, email_norm, password_hash, suspended_until)
       VALUES ($1, 'member', '25-34', '{en}', '{}', $2, $2, $3, CASE WHEN $4 THEN now() + interval '1 day' END)`,
      [randomUUID(), email, this.hash, suspended],
    );
    return email;
  }

  /** @returns an address that was registered with `PASSWORD` and never confirmed */
  async unconfirmed(): Promise<string> {
    const email = anEmail();
    await this.database.transaction((tx) =>
      this.requests.submit(tx, { kind: 'registration', email, passwordHash: this.hash }),
    );
    return email;
  }
}

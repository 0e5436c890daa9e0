import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import type { Queryable, Transaction } from '../platform/postgres/database.js';
import type { EmailForms } from '../platform/mail/email-address.js';

/** The credentials of a member. */
export interface Credentials {
  id: string;
  email: string;
  passwordHash: string;
  credentialsVersion: number;
  suspended: boolean;
}

interface NewMember {
  id: string;
  email: EmailForms;
  passwordHash: string;
}

/** What a password is held against: of a member, or of a registration that nobody has confirmed yet. */
export interface CredentialsOrRegistration extends Credentials {
  /** Of the unconfirmed registration. */
  registrationId: string | null;
}

const COLUMNS = `id, email, password_hash AS "passwordHash", credentials_version AS "credentialsVersion",
  coalesce(suspended_until > now(), false) AS suspended`;
const CREDENTIALS = `SELECT ${COLUMNS} FROM users`;

/** The credentials part of the table `users`. */
@Injectable()
export class MemberRepository {
  constructor(private readonly database: Database) {}

  /** Index: users_email_norm_key. */
  async findByEmail(canonical: string, on: Queryable = this.database): Promise<Credentials | undefined> {
    const [row] = await on.query<Credentials>(`${CREDENTIALS} WHERE email_norm = $1`, [canonical]);
    return row;
  }

  /**
   * The member, or else the newest registration that waits to be confirmed; both are looked up, whatever there is.
   * Index: users_email_norm_key, auth_requests_email_digest_idx.
   */
  async findForSignIn(canonical: string, emailDigest: string): Promise<CredentialsOrRegistration | undefined> {
    const [row] = await this.database.query<CredentialsOrRegistration>(
      `SELECT * FROM (
         SELECT ${COLUMNS}, NULL::uuid AS "registrationId" FROM users WHERE email_norm = $1
         UNION ALL
         (SELECT NULL, '', password_hash, 0, false, id FROM auth_requests
           WHERE email_digest = $2 AND kind = 'registration' AND used_at IS NULL AND NOT throttled
             AND password_hash IS NOT NULL AND created_at > now() - interval '24 h'
           ORDER BY created_at DESC LIMIT 1)
       ) AS found ORDER BY "registrationId" NULLS FIRST LIMIT 1`,
      [canonical, emailDigest],
    );
    return row;
  }

  /** Members only. Index: users_pkey. */
  async findById(id: string, on: Queryable = this.database): Promise<Credentials | undefined> {
    const [row] = await on.query<Credentials>(`${CREDENTIALS} WHERE id = $1 AND kind = 'member'`, [id]);
    return row;
  }

  /** Makes the guest a member who keeps profile and blocks; false when there is no such guest. Throws 23505 when the address is taken. Index: users_pkey. */
  async promoteGuest(transaction: Transaction, { id, email, passwordHash }: NewMember): Promise<boolean> {
    const rows = await transaction.query(
      `UPDATE users SET kind = 'member', email = $2, email_norm = $3, password_hash = $4, updated_at = now()
        WHERE id = $1 AND kind = 'guest' RETURNING id`,
      [id, email.written, email.canonical, passwordHash],
    );
    return rows.length > 0;
  }

  /** A member who was no guest before, with a profile still to be filled in. Throws 23505 when the address is taken. */
  async insertMember(transaction: Transaction, { id, email, passwordHash }: NewMember): Promise<void> {
    await transaction.query(
      `INSERT INTO users (id, kind, age_band, languages, interests, email, email_norm, password_hash)
       VALUES ($1, 'member', '18-24', '{en}', '{}', $2, $3, $4)`,
      [id, email.written, email.canonical, passwordHash],
    );
  }

  /** False when the credentials have changed since `version`. Index: users_pkey. */
  async changePassword(transaction: Transaction, id: string, version: number, passwordHash: string): Promise<boolean> {
    const rows = await transaction.query(
      `UPDATE users SET password_hash = $3, credentials_version = credentials_version + 1, updated_at = now()
        WHERE id = $1 AND credentials_version = $2 AND kind = 'member' RETURNING id`,
      [id, version, passwordHash],
    );
    return rows.length > 0;
  }

  /** False when the credentials have changed since `version`. Throws 23505 when the address is taken. Index: users_pkey. */
  async changeEmail(transaction: Transaction, id: string, version: number, email: EmailForms): Promise<boolean> {
    const rows = await transaction.query(
      `UPDATE users SET email = $3, email_norm = $4, credentials_version = credentials_version + 1, updated_at = now()
        WHERE id = $1 AND credentials_version = $2 AND kind = 'member' RETURNING id`,
      [id, version, email.written, email.canonical],
    );
    return rows.length > 0;
  }

  /** The same password in a newer hash, unless it was changed meanwhile. Index: users_pkey. */
  async replaceHash(id: string, old: string, passwordHash: string): Promise<void> {
    await this.database.query('UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [
      id,
      old,
      passwordHash,
    ]);
  }
}

/** True for the loser of two who wanted one address. */
export const isAddressTaken = (error: unknown): boolean =>
  error instanceof Error && (error as { code?: unknown }).code === '23505';

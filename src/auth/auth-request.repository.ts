import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';
import { MAY_BE_PUT_BACK, PUT_BACK_COLUMNS, putBack } from '../platform/queue/put-back.js';
import type { PutBack } from '../platform/queue/put-back.js';
import { currentContext } from '../platform/request-context/request-context.js';
import type { AuthRequestKind, ClaimedRequest, NewAuthRequest, UsedToken } from './auth-request.types.js';

interface GivenToken {
  tokenHash: string;
  tokenSealed: string;
  /** ms */
  ttlMs: number;
  userId: string | null;
  credentialsVersion: number | null;
}

type SealedRequest = Omit<NewAuthRequest, 'email'> & { id: string; emailSealed: string; emailDigest: string };

/** How long a worker may be at one request before another may take it (s). */
const CLAIM_SECONDS = 60;
/** Requests that one sweep puts back. */
const SWEEP_LIMIT = 500;
/** Times that a sweep puts one back: over more than four hours. */
const MOST_TRIES = 12;
/** How long failed sign-ins count. */
const FAILURE_WINDOW = `interval '1 hour'`;
/** Mails a day and address that confirm a registration once more because somebody signed in too early. */
const CONFIRMATIONS_A_DAY = 3;

/** The table `auth_requests`: the outbox of decisions and mails, and the tokens that came of them. */
@Injectable()
export class AuthRequestRepository {
  constructor(private readonly database: Database) {}

  /** The same statement with the same columns for every kind. */
  async insert(transaction: Transaction, request: SealedRequest): Promise<void> {
    await transaction.query(
      `INSERT INTO auth_requests (id, kind, notice, email_sealed, email_digest, password_hash, user_id, credentials_version,
                                  throttled, registration_id, request_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        request.id,
        request.kind,
        request.notice ?? null,
        request.emailSealed,
        request.emailDigest,
        request.passwordHash ?? null,
        request.userId ?? null,
        request.credentialsVersion ?? null,
        request.throttled ?? false,
        request.registrationId ?? null,
        currentContext()?.requestId ?? null,
      ],
    );
  }

  /** Undefined when it is done, gone or at work elsewhere. Index: auth_requests_pkey. */
  async claim(id: string): Promise<ClaimedRequest | undefined> {
    const [row] = await this.database.query<ClaimedRequest>(
      `UPDATE auth_requests SET claimed_until = now() + interval '${CLAIM_SECONDS} s'
        WHERE id = $1 AND handled_at IS NULL AND (claimed_until IS NULL OR claimed_until < now())
        RETURNING id, request_id AS "requestId", kind, notice, email_sealed AS "emailSealed", email_digest AS "emailDigest", user_id AS "userId",
                  credentials_version AS "credentialsVersion", throttled, registration_id AS "registrationId", created_at AS "askedAt",
                  coalesce(expires_at <= now(), false) AS "isLate"`,
      [id],
    );
    return row;
  }

  /** Done: the token is from now on known by its hash only, and a failed sign-in kept only while it counts. Index: auth_requests_pkey. */
  async finish(id: string): Promise<void> {
    await this.database.query(
      `UPDATE auth_requests SET handled_at = now(), claimed_until = NULL, token_sealed = NULL,
              delete_after = CASE WHEN kind = 'failed_sign_in' AND notice IS NULL THEN created_at + ${FAILURE_WINDOW} ELSE delete_after END
        WHERE id = $1`,
      [id],
    );
  }

  /** Failed: free for the next try at once. Index: auth_requests_pkey. */
  async release(id: string): Promise<void> {
    await this.database.query('UPDATE auth_requests SET claimed_until = NULL WHERE id = $1', [id]);
  }

  /** Gives the request a token, or finds the one it was given before: every try mails the same. @returns it, sealed. Index: auth_requests_pkey. */
  async giveToken(transaction: Transaction, id: string, given: GivenToken): Promise<string> {
    const [row] = await transaction.query<{ sealed: string }>(
      `UPDATE auth_requests SET token_hash = coalesce(token_hash, decode($2, 'hex')), token_sealed = coalesce(token_sealed, $3),
              expires_at = coalesce(expires_at, now() + $4::float8 * interval '1 ms'),
              user_id = coalesce(user_id, $5), credentials_version = coalesce(credentials_version, $6)
        WHERE id = $1 RETURNING token_sealed AS sealed`,
      [id, given.tokenHash, given.tokenSealed, given.ttlMs, given.userId, given.credentialsVersion],
    );
    if (!row) throw new Error('the request of a token is gone');
    return row.sealed;
  }

  /** Sign-ins to this address that failed within the hour. Index: auth_requests_email_digest_idx. */
  async countFailedSignIns(transaction: Transaction, { emailDigest }: ClaimedRequest): Promise<number> {
    const [row] = await transaction.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM auth_requests
        WHERE email_digest = $1 AND kind = 'failed_sign_in' AND created_at > now() - ${FAILURE_WINDOW}`,
      [emailDigest],
    );
    return row?.count ?? 0;
  }

  /**
   * Makes of a failed sign-in the registration that it was too early for, as if it were asked for once more, a few times a day.
   * @returns what was asked then, the address sealed; undefined when that is over or was done often enough. Index: auth_requests_email_digest_idx.
   */
  async renewRegistration(
    transaction: Transaction,
    request: ClaimedRequest,
  ): Promise<Pick<ClaimedRequest, 'emailSealed' | 'askedAt'> | undefined> {
    await this.lockAddress(transaction, request);
    const [row] = await transaction.query<Pick<ClaimedRequest, 'emailSealed' | 'askedAt'>>(
      `UPDATE auth_requests AS renewed
          SET kind = 'registration', email_sealed = old.email_sealed, password_hash = old.password_hash, user_id = old.user_id
         FROM auth_requests AS old
        WHERE renewed.id = $1 AND old.id = $2 AND old.used_at IS NULL
          AND (SELECT count(*) FROM auth_requests
                WHERE email_digest = $3 AND kind = 'registration' AND registration_id IS NOT NULL
                  AND created_at > now() - interval '24 h') < ${CONFIRMATIONS_A_DAY}
        RETURNING renewed.email_sealed AS "emailSealed", old.created_at AS "askedAt"`,
      [request.id, request.registrationId, request.emailDigest],
    );
    return row;
  }

  /** Marks the row as the one notice of its day to this address; false when another is. Index: auth_requests_email_digest_idx. */
  async claimNotice(transaction: Transaction, request: ClaimedRequest, notice: string): Promise<boolean> {
    const { id, emailDigest } = request;
    await this.lockAddress(transaction, request);
    const rows = await transaction.query(
      `UPDATE auth_requests SET notice = $3
        WHERE id = $1 AND NOT EXISTS (
          SELECT FROM auth_requests WHERE email_digest = $2 AND id <> $1 AND notice = $3 AND created_at > now() - interval '24 h')
        RETURNING id`,
      [id, emailDigest, notice],
    );
    return rows.length > 0;
  }

  /** The one use of a token; undefined for one that is unknown, used, expired or for something else. Index: auth_requests_token_hash_key. */
  async useToken(transaction: Transaction, kind: AuthRequestKind, tokenHash: string): Promise<UsedToken | undefined> {
    const [row] = await transaction.query<UsedToken>(
      `UPDATE auth_requests SET used_at = now()
        WHERE token_hash = decode($2, 'hex') AND kind = $1 AND used_at IS NULL AND expires_at > now()
        RETURNING email_sealed AS "emailSealed", password_hash AS "passwordHash", user_id AS "userId",
                  credentials_version AS "credentialsVersion"`,
      [kind, tokenHash],
    );
    return row;
  }

  /** Takes requests that a lost or failed job left behind, oldest first, for another try or to give them up. Index: auth_requests_unhandled_idx. */
  takeForgotten(): Promise<PutBack[]> {
    return this.database.query<PutBack>(
      `UPDATE auth_requests SET ${putBack(MOST_TRIES)} WHERE id IN (
         SELECT id FROM auth_requests
          WHERE handled_at IS NULL AND created_at < now() - interval '5 s' AND (claimed_until IS NULL OR claimed_until < now())
            AND ${MAY_BE_PUT_BACK}
          ORDER BY created_at LIMIT ${SWEEP_LIMIT} FOR UPDATE SKIP LOCKED)
       RETURNING ${PUT_BACK_COLUMNS}`,
    );
  }

  /** The address by each digest that it may stand under. Index: auth_requests_email_digest_idx. */
  async deleteOfAddress(transaction: Transaction, emailDigests: string[]): Promise<void> {
    await transaction.query('DELETE FROM auth_requests WHERE email_digest = ANY ($1)', [emailDigests]);
  }

  /** One at a time per address: two that decide at once must not both be the first. */
  private async lockAddress(transaction: Transaction, { emailDigest }: ClaimedRequest): Promise<void> {
    await transaction.query('SELECT pg_advisory_xact_lock(hashtext($1))', [emailDigest]);
  }
}

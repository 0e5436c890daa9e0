import { Injectable } from '@nestjs/common';
import { SessionConfig } from '../config/config.types.js';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';
import type { DeadSession, SessionFacts } from './session.types.js';

interface SessionRow {
  id: string;
  token_hash: string;
  user_id: string | null;
  kind: 'guest' | 'member' | null;
  created_at: Date;
  unused_ms: number;
  expires_at: Date;
  suspended: boolean;
}

interface NewSession {
  id: string;
  tokenHash: string;
  userId: string | null;
  client: string;
  /** ms without use */
  idleMs: number;
}

/** A session of the list that its owner sees. */
export interface ListedSession {
  id: string;
  createdAt: Date;
  lastSeenAt: Date;
  client: string;
}

/** Most sessions that a list shows. */
const LIST_LIMIT = 100;

const FIND = `
  SELECT s.id, encode(s.token_hash, 'hex') AS token_hash, s.user_id, u.kind, s.created_at, s.expires_at,
         extract(epoch FROM now() - s.last_seen_at)::float8 * 1000 AS unused_ms, coalesce(u.suspended_until > now(), false) AS suspended
    FROM sessions s LEFT JOIN users u ON u.id = s.user_id
   WHERE s.token_hash IN (SELECT decode(h, 'hex') FROM unnest($1::text[]) AS h) AND s.expires_at > now()`;

/** The table `sessions`. The database's clock decides what has expired. */
@Injectable()
export class SessionRepository {
  constructor(
    private readonly database: Database,
    private readonly config: SessionConfig,
  ) {}

  /** Those that count now, by token hash (hex). Index: sessions_token_hash_key. */
  async findByTokenHashes(hashes: string[]): Promise<Map<string, SessionFacts>> {
    const rows = await this.database.queryPrepared<SessionRow>('session_find', FIND, [hashes]);
    return new Map(rows.map((row) => [row.token_hash, toFacts(row)]));
  }

  async insert(transaction: Transaction, { id, tokenHash, userId, client, idleMs }: NewSession): Promise<SessionFacts> {
    const [row] = await transaction.query<SessionRow>(
      `WITH made AS (
         INSERT INTO sessions (id, token_hash, user_id, client, expires_at)
         VALUES ($1, decode($2, 'hex'), $3, $4, now() + least($5::float8, $6::float8) * interval '1 ms') RETURNING *)
       SELECT m.id, encode(m.token_hash, 'hex') AS token_hash, m.user_id, u.kind, m.created_at, m.expires_at,
              0 AS unused_ms, coalesce(u.suspended_until > now(), false) AS suspended
         FROM made m LEFT JOIN users u ON u.id = m.user_id`,
      [id, tokenHash, userId, client, idleMs, this.config.maxAgeMs],
    );
    if (!row) throw new Error('a new session was not returned');
    return toFacts(row);
  }

  /** Newest use first; only those that count. Index: sessions_user_id_idx. */
  async listOf(userId: string): Promise<ListedSession[]> {
    return this.database.query<ListedSession>(
      `SELECT id, created_at AS "createdAt", last_seen_at AS "lastSeenAt", client FROM sessions
        WHERE user_id = $1 AND expires_at > now() ORDER BY last_seen_at DESC, id LIMIT ${LIST_LIMIT}`,
      [userId],
    );
  }

  /**
   * Puts off the end of those that were not touched for a minute (a tenth of the idle time when that is shorter), never past the
   * greatest age. An ended session stays ended. One that somebody else writes at this moment is left to them: nobody waits, and
   * two who keep the same many alive do not lock each other out. Index: sessions_pkey.
   */
  async touch(sessionIds: string[]): Promise<void> {
    await this.database.queryPrepared(
      'session_touch',
      `WITH due AS (
         SELECT s.id, i.idle FROM sessions s JOIN users u ON u.id = s.user_id
          CROSS JOIN LATERAL (SELECT CASE u.kind WHEN 'member' THEN $2::float8 ELSE $3::float8 END AS idle) i
          WHERE s.id = ANY ($1::uuid[]) AND s.expires_at > now()
            AND s.last_seen_at < now() - least(60000, i.idle / 10) * interval '1 ms'
            FOR NO KEY UPDATE OF s SKIP LOCKED)
       UPDATE sessions s SET last_seen_at = now(),
              expires_at = least(now() + due.idle * interval '1 ms', s.created_at + $4::float8 * interval '1 ms')
         FROM due WHERE s.id = due.id`,
      [sessionIds, this.config.memberIdleMs, this.config.guestIdleMs, this.config.maxAgeMs],
    );
  }

  /** Which of these no longer count; a session that is gone was signed out. Index: sessions_pkey. */
  async findDead(sessionIds: string[]): Promise<DeadSession[]> {
    return this.database.queryPrepared<DeadSession & object>(
      'session_find_dead',
      `SELECT asked.id AS "sessionId",
              CASE WHEN s.user_id IS NULL THEN 'signed_out' WHEN s.expires_at <= now() THEN 'expired' ELSE 'suspended' END AS reason
         FROM unnest($1::uuid[]) AS asked (id)
         LEFT JOIN sessions s ON s.id = asked.id LEFT JOIN users u ON u.id = s.user_id
        WHERE s.user_id IS NULL OR s.expires_at <= now() OR u.suspended_until > now()`,
      [sessionIds],
    );
  }

  /** @returns whether there was such a session of this user. Index: sessions_pkey. */
  async deleteOwn(transaction: Transaction, userId: string, sessionId: string): Promise<boolean> {
    const rows = await transaction.query('DELETE FROM sessions WHERE id = $1 AND user_id = $2 RETURNING id', [
      sessionId,
      userId,
    ]);
    return rows.length > 0;
  }

  /** Whoever's it is; nothing when it is gone. Index: sessions_pkey. */
  async delete(transaction: Transaction, sessionId: string): Promise<void> {
    await transaction.query('DELETE FROM sessions WHERE id = $1', [sessionId]);
  }

  /** All of a user. @returns their ids. Index: sessions_user_id_idx. */
  async deleteAllOf(transaction: Transaction, userId: string): Promise<string[]> {
    const rows = await transaction.query<{ id: string }>('DELETE FROM sessions WHERE user_id = $1 RETURNING id', [
      userId,
    ]);
    return rows.map(({ id }) => id);
  }
}

function toFacts(row: SessionRow): SessionFacts {
  return {
    id: row.id,
    tokenHash: row.token_hash,
    ...(row.user_id && row.kind ? { userId: row.user_id, kind: row.kind } : {}),
    createdAt: row.created_at,
    unusedMs: row.unused_ms,
    expiresAt: row.expires_at,
    suspended: row.suspended,
  };
}

import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import { MAY_BE_PUT_BACK, PUT_BACK_COLUMNS, putBack } from '../platform/queue/put-back.js';
import type { PutBack } from '../platform/queue/put-back.js';
import type { Transaction } from '../platform/postgres/database.js';

/** How long an archive can be fetched once it is ready (minutes). */
const LINK_MINUTES = 10;

/** An archive as its owner's status page needs it. */
export interface ExportRow {
  id: string;
  tokenSealed: string | null;
  readyAt: Date | null;
  expiresAt: Date | null;
  usedAt: Date | null;
  isExpired: boolean;
}

interface ReadyExport {
  archiveSealed: string;
  tokenHash: string;
  tokenSealed: string;
}

/** Exports that one sweep puts back, and times that it puts back one: over more than four hours. */
const SWEEP_LIMIT = 100;
const MOST_TRIES = 12;

/** Most conversations and messages that one archive holds; more than retention leaves of anybody. */
const MAX_CONVERSATIONS = 1_000;

const ARCHIVE = `
  SELECT jsonb_build_object(
    'user', (SELECT jsonb_build_object('id', u.id, 'kind', u.kind, 'email', u.email, 'nickname', u.nickname, 'gender', u.gender,
              'ageBand', u.age_band, 'languages', u.languages, 'interests', u.interests, 'seeks', u.seeks,
              'createdAt', u.created_at, 'updatedAt', u.updated_at, 'suspendedUntil', u.suspended_until)
              FROM users u WHERE u.id = $1),
    'sessions', (SELECT coalesce(jsonb_agg(jsonb_build_object('client', s.client, 'createdAt', s.created_at,
              'lastSeenAt', s.last_seen_at, 'expiresAt', s.expires_at)), '[]') FROM sessions s WHERE s.user_id = $1),
    'blocks', (SELECT coalesce(jsonb_agg(jsonb_build_object('nickname', b.nickname, 'createdAt', b.created_at)), '[]')
              FROM blocks b WHERE b.blocker_id = $1),
    'conversations', (SELECT coalesce(jsonb_agg(jsonb_build_object('startedAt', date_trunc('second', c.started_at),
              'endedAt', date_trunc('second', c.ended_at),
              'sharedInterests', c.shared_interests, 'messages',
              (SELECT coalesce(jsonb_agg(jsonb_build_object('seq', m.seq, 'from', CASE m.slot WHEN me.slot THEN 'you' ELSE 'partner' END,
                 'text', m.text, 'sentAt', date_trunc('second', m.sent_at)) ORDER BY m.seq), '[]')
                 FROM messages m WHERE m.started_on = c.started_on AND m.conversation_id = c.id))), '[]')
              FROM (SELECT * FROM conversation_members WHERE user_id = $1 ORDER BY conversation_id DESC LIMIT ${MAX_CONVERSATIONS}) me
              JOIN conversations c ON c.id = me.conversation_id)) AS archive`;

/** The table `exports`, and one look at everything that is stored about a person: never who a partner is. */
@Injectable()
export class ExportRepository {
  constructor(private readonly database: Database) {}

  async insert(transaction: Transaction, id: string, userId: string): Promise<void> {
    await transaction.query('INSERT INTO exports (id, user_id) VALUES ($1, $2)', [id, userId]);
  }

  /** Index: exports_user_id_idx. */
  async findNewest(userId: string): Promise<ExportRow | undefined> {
    const [row] = await this.database.query<ExportRow>(
      `SELECT id, token_sealed AS "tokenSealed", ready_at AS "readyAt", expires_at AS "expiresAt", used_at AS "usedAt",
              coalesce(expires_at <= now(), false) AS "isExpired"
         FROM exports WHERE user_id = $1 ORDER BY requested_at DESC LIMIT 1`,
      [userId],
    );
    return row;
  }

  /** Undefined when it is fetched, was never asked, or its link is over: a mail would bring a dead one. Index: exports_pkey. */
  async findUnfinished(id: string): Promise<{ userId: string; tokenSealed: string | null } | undefined> {
    const [row] = await this.database.query<{ userId: string; tokenSealed: string | null }>(
      `SELECT user_id AS "userId", token_sealed AS "tokenSealed" FROM exports
        WHERE id = $1 AND used_at IS NULL AND (ready_at IS NULL OR (token_sealed IS NOT NULL AND expires_at > now()))`,
      [id],
    );
    return row;
  }

  /** Indexes: users_pkey, sessions_user_id_idx, blocks_pair_key, conversation_members_user_id_idx, messages_pkey. */
  async collect(userId: string): Promise<object> {
    const [row] = await this.database.query<{ archive: object }>(ARCHIVE, [userId]);
    return row?.archive ?? {};
  }

  /** Ready: from now on the link counts. Index: exports_pkey. */
  async setReady(id: string, { archiveSealed, tokenHash, tokenSealed }: ReadyExport): Promise<void> {
    await this.database.query(
      `UPDATE exports SET archive_sealed = $2, token_hash = decode($3, 'hex'), token_sealed = $4, ready_at = now(),
              expires_at = now() + interval '${LINK_MINUTES} min'
        WHERE id = $1 AND ready_at IS NULL`,
      [id, archiveSealed, tokenHash, tokenSealed],
    );
  }

  /** Its link has left by mail. Index: exports_pkey. */
  async dropToken(id: string): Promise<void> {
    await this.database.query('UPDATE exports SET token_sealed = NULL WHERE id = $1', [id]);
  }

  /** The archive, once, for its owner; it is gone afterwards. Index: exports_token_hash_key. */
  async take(transaction: Transaction, userId: string, tokenHash: string): Promise<string | undefined> {
    const [row] = await transaction.query<{ archive: string }>(
      `WITH asked AS (
         SELECT id, archive_sealed FROM exports
          WHERE token_hash = decode($2, 'hex') AND user_id = $1 AND used_at IS NULL AND expires_at > now() FOR UPDATE)
       UPDATE exports e SET used_at = now(), archive_sealed = NULL, token_sealed = NULL
         FROM asked WHERE e.id = asked.id RETURNING asked.archive_sealed AS archive`,
      [userId, tokenHash],
    );
    return row?.archive;
  }

  /**
   * Takes those that a lost or failed job left behind, not ready or ready with a link that a member was never mailed, oldest first,
   * for another try or to give them up.
   */
  takeForgotten(): Promise<PutBack[]> {
    return this.database.query<PutBack>(
      `UPDATE exports SET ${putBack(MOST_TRIES)} WHERE id IN (
         SELECT e.id FROM exports e JOIN users u ON u.id = e.user_id
          WHERE e.used_at IS NULL AND e.requested_at < now() - interval '5 s' AND ${MAY_BE_PUT_BACK}
            AND (e.ready_at IS NULL OR (u.kind = 'member' AND e.token_sealed IS NOT NULL AND e.expires_at > now()))
          ORDER BY e.requested_at LIMIT ${SWEEP_LIMIT} FOR UPDATE OF e SKIP LOCKED)
       RETURNING ${PUT_BACK_COLUMNS}`,
    );
  }
}

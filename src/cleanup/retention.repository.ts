import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import { AUDIT_DAYS, OUTCOME_DAYS } from './retention-classes.js';

@Injectable()
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /**
   * Deletes what was said, and as whom, in conversations whose time for it is over; who met whom stays until `deleteDueConversations`.
   * @returns of how many. Index: conversations_said_delete_after_idx.
   */
  async deleteDueMessages(limit: number): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `WITH due AS (
         SELECT id, started_on FROM conversations WHERE said_delete_after <= now()
          ORDER BY said_delete_after LIMIT $1 FOR UPDATE SKIP LOCKED
       ), said AS (
         DELETE FROM messages m USING due WHERE m.started_on = due.started_on AND m.conversation_id = due.id
       ), members AS (
         UPDATE conversation_members m SET nickname = 'Stranger', gender = NULL, age_band = '', languages = '{}', seen_seq = 0
           FROM due WHERE m.conversation_id = due.id
       ), silent AS (
         UPDATE conversations c SET said_delete_after = NULL, shared_interests = '{}', last_seq = 0
           FROM due WHERE c.id = due.id RETURNING c.id
       )
       SELECT count(*)::integer AS count FROM silent`,
      [limit],
    );
    return row?.count ?? 0;
  }

  /** Deletes conversations, with all that was said, whose time is over. @returns how many. Index: conversations_delete_after_idx. */
  async deleteDueConversations(limit: number): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `WITH due AS (
         SELECT id, started_on FROM conversations WHERE delete_after <= now()
          ORDER BY delete_after LIMIT $1 FOR UPDATE SKIP LOCKED
       ), said AS (
         DELETE FROM messages m USING due WHERE m.started_on = due.started_on AND m.conversation_id = due.id
       ), gone AS (
         DELETE FROM conversations c USING due WHERE c.id = due.id RETURNING c.id
       )
       SELECT count(*)::integer AS count FROM gone`,
      [limit],
    );
    return row?.count ?? 0;
  }

  /** Reports whose time is over, with their evidence. @returns how many. Index: reports_delete_after_idx. */
  async deleteDueReports(limit: number): Promise<number> {
    const rows = await this.database.query(
      `DELETE FROM reports WHERE id IN (
         SELECT id FROM reports WHERE delete_after <= now() ORDER BY delete_after LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING id`,
      [limit],
    );
    return rows.length;
  }

  /** Outcomes of matches that are too old to learn from. @returns how many. Index: match_outcomes_matched_on_idx. */
  async deleteOldOutcomes(limit: number): Promise<number> {
    const rows = await this.database.query(
      `DELETE FROM match_outcomes WHERE id IN (
         SELECT id FROM match_outcomes WHERE matched_on < (now() AT TIME ZONE 'UTC')::date - ${OUTCOME_DAYS}
          ORDER BY matched_on LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING id`,
      [limit],
    );
    return rows.length;
  }

  /** Message partitions of today and the next two days, none of days that nothing is kept of, and no audit of long ago. @returns how many were dropped */
  async keepPartitions(): Promise<{ messages: number; audit: number }> {
    const today = `(now() AT TIME ZONE 'UTC')::date`;
    await this.database.query(`SELECT ensure_message_partition(${today} + i) FROM generate_series(0, 2) AS i`);
    const [row] = await this.database.query<{ messages: number; audit: number }>(
      `SELECT drop_finished_message_partitions(${today} - 1) AS messages,
              drop_finished_audit_partitions(${today} - ${AUDIT_DAYS}) AS audit`,
    );
    return row ?? { messages: 0, audit: 0 };
  }

  /** Sessions that ended more than a day ago; until then their sockets can be told why. Index: sessions_expires_at_idx. */
  async deleteExpiredSessions(limit: number): Promise<number> {
    const rows = await this.database.query(
      `DELETE FROM sessions WHERE id IN (
         SELECT id FROM sessions WHERE expires_at < now() - interval '1 day' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING id`,
      [limit],
    );
    return rows.length;
  }

  /** Guests whom no session leads to any more, and who are in no conversation. Index: sessions_user_id_idx. */
  async deleteForgottenGuests(limit: number): Promise<number> {
    const rows = await this.database.query(
      `DELETE FROM users WHERE id IN (
         SELECT u.id FROM users u
          WHERE u.kind = 'guest' AND u.created_at < now() - interval '1 day'
            AND NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id)
            AND NOT EXISTS (SELECT FROM participations p WHERE p.user_id = u.id)
          LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING id`,
      [limit],
    );
    return rows.length;
  }
}

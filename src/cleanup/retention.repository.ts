import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';

@Injectable()
export class RetentionRepository {
  constructor(private readonly database: Database) {}

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

  /** Message partitions of today and the next two days, and none of days that nothing is kept of. @returns how many were dropped */
  async keepPartitions(): Promise<number> {
    const today = `(now() AT TIME ZONE 'UTC')::date`;
    await this.database.query(`SELECT ensure_message_partition(${today} + i) FROM generate_series(0, 2) AS i`);
    const [row] = await this.database.query<{ dropped: number }>(
      `SELECT drop_finished_message_partitions(${today} - 1) AS dropped`,
    );
    return row?.dropped ?? 0;
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

import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import { UTC_TODAY } from '../platform/postgres/utc-today.js';
import { START, deleteDueOf, deleteUnkeptOf } from './due-rows.js';
import type { Cursor, DueRows } from './due-rows.js';
import { KEPT } from './lifecycles.js';

/** What one statement deleted, and whether there is more to delete now. */
export interface Batch {
  count: number;
  more: boolean;
  /** Where the next goes on, for a class that is walked over. */
  next?: Cursor;
}

/** Messages that go with a conversation, on average: 10,000 with a batch of 500, a tenth of the time that a statement has. */
const MESSAGES_PER_CONVERSATION = 20;

@Injectable()
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /**
   * Deletes what was said, and as whom, in conversations whose time for it is over; who met whom stays until `deleteDueConversations`.
   * Index: conversations_said_delete_after_idx.
   */
  deleteDueMessages(limit: number): Promise<Batch> {
    return this.deleteSaid(
      'said_delete_after',
      limit,
      `members AS (
         UPDATE conversation_members m SET nickname = 'Stranger', gender = NULL, age_band = '', languages = '{}', seen_seq = 0
           FROM due WHERE m.conversation_id = due.id AND due.kept_seq = 0
       ), finished AS (
         UPDATE conversations c SET said_delete_after = NULL, shared_interests = '{}', last_seq = 0
           FROM due WHERE c.id = due.id AND due.kept_seq = 0 RETURNING c.id
       )`,
    );
  }

  /** Deletes conversations, with all that was said, whose time is over. Index: conversations_delete_after_idx. */
  deleteDueConversations(limit: number): Promise<Batch> {
    return this.deleteSaid(
      'delete_after',
      limit,
      `finished AS (DELETE FROM conversations c USING due WHERE c.id = due.id AND due.kept_seq = 0 RETURNING c.id)`,
    );
  }

  /** Rows of a class whose time is over; where some are kept all the same, among the next after `from`. Index: that of its column. */
  async deleteRows(rows: DueRows, limit: number, from: Cursor = START): Promise<Batch> {
    if (rows.unkept !== undefined) return this.deleteUnkept(rows, limit, from);
    const gone = await this.database.query(deleteDueOf(rows), [limit]);
    return { count: gone.length, more: gone.length === limit };
  }

  /** Archives whose link is over; that one was asked for is known a while longer. Index: exports_archive_idx. */
  async dropArchives(limit: number): Promise<Batch> {
    const gone = await this.database.query(
      `UPDATE exports SET archive_sealed = NULL, token_sealed = NULL WHERE id IN (
         SELECT id FROM exports WHERE archive_sealed IS NOT NULL AND expires_at <= now()
          ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING id`,
      [limit],
    );
    return { count: gone.length, more: gone.length === limit };
  }

  /** Message partitions of today and the next two days. */
  async makePartitions(): Promise<void> {
    await this.database.query(`SELECT ensure_message_partition(${UTC_TODAY} + i) FROM generate_series(0, 2) AS i`);
  }

  /** Message partitions of days that nothing is kept of. @returns how many were dropped */
  dropMessagePartitions(): Promise<number> {
    return this.dropPartitions(`drop_finished_message_partitions(${UTC_TODAY} - 1)`);
  }

  /** Audit of long ago. @returns how many partitions were dropped */
  dropAuditPartitions(): Promise<number> {
    return this.dropPartitions(`drop_finished_audit_partitions(${UTC_TODAY} - ${KEPT.auditDays})`);
  }

  private async deleteUnkept(rows: DueRows, limit: number, from: Cursor): Promise<Batch> {
    type Row = Omit<Batch, 'next'> & { at: string | null; key: string | null };
    const [row] = await this.database.query<Row>(deleteUnkeptOf(rows), [limit, ...from]);
    const { count = 0, more = false, at, key } = row ?? {};
    return { count, more, ...(at && key ? { next: [at, key] as const } : {}) };
  }

  /** A statement for each table: where somebody holds one, all that its statement dropped comes back. */
  private async dropPartitions(call: string): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(`SELECT ${call} AS count`);
    return row?.count ?? 0;
  }

  /**
   * Takes as many conversations as have `MESSAGES_PER_CONVERSATION` messages on average, so that no statement is cancelled for the
   * time that it takes, whoever talked how much. One with more than all that loses its last messages, and is due until none is left.
   */
  private async deleteSaid(
    dueAt: 'said_delete_after' | 'delete_after',
    limit: number,
    finished: string,
  ): Promise<Batch> {
    const [row] = await this.database.query<Batch>(
      `WITH locked AS (
         SELECT id, started_on, last_seq, ${dueAt} AS due_at FROM conversations WHERE ${dueAt} <= now()
          ORDER BY ${dueAt} LIMIT $1 FOR UPDATE SKIP LOCKED
       ), summed AS (
         SELECT *, sum(last_seq) OVER (ORDER BY due_at, id) - last_seq AS said_before FROM locked
       ), due AS (
         SELECT id, started_on, greatest(0, last_seq - $2::int) AS kept_seq FROM summed
          WHERE said_before = 0 OR said_before + last_seq <= $2::int
       ), said AS (
         DELETE FROM messages m USING due
          WHERE m.started_on = due.started_on AND m.conversation_id = due.id AND m.seq > due.kept_seq
       ), shortened AS (
         UPDATE conversations c SET last_seq = due.kept_seq FROM due WHERE c.id = due.id AND due.kept_seq > 0
       ), ${finished}
       SELECT f.count, l.count = $1 OR l.count > f.count AS more
         FROM (SELECT count(*)::integer AS count FROM finished) AS f, (SELECT count(*)::integer AS count FROM locked) AS l`,
      [limit, limit * MESSAGES_PER_CONVERSATION],
    );
    return row ?? { count: 0, more: false };
  }
}

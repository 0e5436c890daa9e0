import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import type { Slot } from './chat.types.js';

/** A member has been shown everything up to `seq`. */
export interface SeenMark {
  conversationId: string;
  slot: Slot;
  seq: number;
}

interface MarkRow {
  mark: number;
  open: boolean;
  seen_seq: number | null;
}

@Injectable()
export class PulseRepository {
  constructor(private readonly database: Database) {}

  /** Which of these are open. Index: conversations_pkey. */
  async open(conversationIds: string[]): Promise<Map<string, true>> {
    const rows = await this.database.queryPrepared<{ id: string }>(
      'chat_open',
      'SELECT id FROM conversations WHERE id = ANY ($1) AND ended_at IS NULL',
      [conversationIds],
    );
    return new Map(rows.map(({ id }) => [id, true]));
  }

  /** A sign of life now; does nothing to an ended conversation. Index: conversations_pkey. */
  async touch(conversationId: string): Promise<void> {
    await this.database.queryPrepared(
      'chat_touch',
      'UPDATE conversations SET last_activity_at = greatest(last_activity_at, now()) WHERE id = $1 AND ended_at IS NULL',
      [conversationId],
    );
  }

  /**
   * Moves marks forward, never beyond the newest message. One answer per mark, in their order: whether the conversation is
   * open, and the new mark where it is news; undefined where the conversation is deleted. Index: conversation_members_pkey.
   */
  async markSeen(marks: SeenMark[]): Promise<({ open: boolean; news: number | null } | undefined)[]> {
    const rows = await this.database.queryPrepared<MarkRow>(
      'chat_mark_seen',
      `WITH wanted AS (
         SELECT w.mark, w.conversation_id, w.slot, least(w.seq, c.last_seq) AS seq, c.ended_at IS NULL AS open
           FROM unnest($1::bigint[], $2::smallint[], $3::integer[]) WITH ORDINALITY AS w (conversation_id, slot, seq, mark)
           JOIN conversations c ON c.id = w.conversation_id
       ), best AS (
         SELECT conversation_id, slot, max(seq) AS seq FROM wanted WHERE open GROUP BY conversation_id, slot
       ), locked AS (
         SELECT m.conversation_id, m.slot FROM conversation_members m JOIN best USING (conversation_id, slot)
          ORDER BY m.conversation_id, m.slot FOR NO KEY UPDATE OF m
       ), moved AS (
         UPDATE conversation_members m SET seen_seq = best.seq
           FROM best JOIN locked USING (conversation_id, slot)
          WHERE m.conversation_id = best.conversation_id AND m.slot = best.slot AND m.seen_seq < best.seq
          RETURNING m.conversation_id, m.slot, m.seen_seq
       )
       SELECT wanted.mark::integer, wanted.open, moved.seen_seq
         FROM wanted LEFT JOIN moved USING (conversation_id, slot)`,
      [marks.map((m) => m.conversationId), marks.map((m) => m.slot), marks.map((m) => m.seq)],
    );
    const answers = marks.map((): { open: boolean; news: number | null } | undefined => undefined);
    for (const row of rows) answers[row.mark - 1] = { open: row.open, news: row.seen_seq };
    return answers;
  }
}

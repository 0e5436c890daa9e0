import { Injectable } from '@nestjs/common';
import type { Membership } from '../chat/chat.types.js';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';

/** A match when it is made: classes and numbers, nobody's id. `a` is slot 0 of its conversation, `b` slot 1. */
export interface NewOutcome {
  readonly conversationId: string;
  readonly shard: string;
  readonly classA: string;
  readonly classB: string;
  readonly waitAMs: number;
  readonly waitBMs: number;
  /** 0..1 */
  readonly score: number;
}

/** What became of matches: for statistics and learning, and about nobody once the conversation is forgotten. */
@Injectable()
export class OutcomeRepository {
  constructor(private readonly database: Database) {}

  async add(transaction: Transaction, outcomes: readonly NewOutcome[]): Promise<void> {
    await transaction.query(
      `INSERT INTO match_outcomes (conversation_id, shard, class_a, class_b, wait_a_ms, wait_b_ms, score)
       SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::real[])`,
      [
        outcomes.map((outcome) => outcome.conversationId),
        outcomes.map((outcome) => outcome.shard),
        outcomes.map((outcome) => outcome.classA),
        outcomes.map((outcome) => outcome.classB),
        outcomes.map((outcome) => outcome.waitAMs),
        outcomes.map((outcome) => outcome.waitBMs),
        outcomes.map((outcome) => outcome.score),
      ],
    );
  }

  /** Notes what ended meanwhile; where what was said is gone by now, who wrote stays unknown. @returns how many. Index: match_outcomes_open_idx. */
  async collect(limit: number): Promise<number> {
    const rows = await this.database.query(
      `WITH ended AS (
         SELECT o.id, c.id AS conversation_id, c.started_on, c.started_at, c.ended_at, c.said_delete_after
           FROM match_outcomes o JOIN conversations c ON c.id = o.conversation_id
          WHERE o.duration_ms IS NULL AND c.ended_at IS NOT NULL
          LIMIT $1 FOR UPDATE OF o SKIP LOCKED
       )
       UPDATE match_outcomes o
          SET duration_ms = extract(epoch FROM e.ended_at - e.started_at) * 1000,
              both_wrote = CASE WHEN e.said_delete_after IS NOT NULL THEN
                             (SELECT count(DISTINCT m.slot) = 2 FROM messages m
                               WHERE m.started_on = e.started_on AND m.conversation_id = e.conversation_id) END
         FROM ended e WHERE o.id = e.id RETURNING o.id`,
      [limit],
    );
    return rows.length;
  }

  /** Members who search again now, within `withinMs` of their conversation's end. Indexes: conversation_members_user_id_idx, match_outcomes_conversation_id_key. */
  async noteRequeued(userIds: readonly string[], withinMs: number): Promise<void> {
    await this.database.queryPrepared(
      'matching_note_requeued',
      `WITH left_by AS (
         SELECT c.id, bool_or(m.slot = 0) AS a, bool_or(m.slot = 1) AS b
           FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
          WHERE m.user_id = ANY ($1) AND c.ended_at > now() - make_interval(secs => $2 / 1000.0)
          GROUP BY c.id
       ), locked AS (
         SELECT o.id, left_by.a, left_by.b FROM match_outcomes o JOIN left_by ON left_by.id = o.conversation_id
          ORDER BY o.id FOR NO KEY UPDATE OF o
       )
       UPDATE match_outcomes o SET requeued_a = o.requeued_a OR locked.a, requeued_b = o.requeued_b OR locked.b
         FROM locked WHERE o.id = locked.id`,
      [userIds, withinMs],
    );
  }

  /**
   * The first rating of a member counts, while the conversation lasts and `withinMs` after. False when it is too late.
   * Index: match_outcomes_conversation_id_key.
   */
  async rate({ conversationId, slot }: Membership, good: boolean, withinMs: number): Promise<boolean> {
    const column = slot === 0 ? 'good_a' : 'good_b';
    const rows = await this.database.query(
      `UPDATE match_outcomes o SET ${column} = coalesce(o.${column}, $2)
         FROM conversations c
        WHERE o.conversation_id = $1 AND c.id = o.conversation_id
          AND (c.ended_at IS NULL OR c.ended_at > now() - make_interval(secs => $3 / 1000.0))
       RETURNING o.id`,
      [conversationId, good, withinMs],
    );
    return rows.length > 0;
  }
}

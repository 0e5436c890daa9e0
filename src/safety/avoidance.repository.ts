import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';
import type { Avoidance, UserPair } from './avoidance.types.js';

interface AvoidanceRow {
  user_id: string;
  other_id: string;
  /** null: a block. */
  until_ms: string | null;
}

/** Who must not meet whom, from the truth. A conversation counts until `rematchAvoidMs` after its end, for both of its members. */
@Injectable()
export class AvoidanceRepository {
  constructor(private readonly database: Database) {}

  /** Every user asked for is in the answer. Indexes: blocks_pair_key, blocks_blocked_id_idx, conversation_members_user_id_idx. */
  async of(userIds: readonly string[], rematchAvoidMs: number): Promise<Map<string, Avoidance>> {
    const rows = await this.database.queryPrepared<AvoidanceRow>(
      'safety_avoidance',
      `SELECT blocker_id AS user_id, blocked_id AS other_id, NULL::numeric AS until_ms FROM blocks WHERE blocker_id = ANY ($1)
       UNION ALL
       SELECT blocked_id, blocker_id, NULL FROM blocks WHERE blocked_id = ANY ($1)
       UNION ALL
       SELECT me.user_id, other.user_id, ceil(extract(epoch FROM max(coalesce(c.ended_at, now()))) * 1000 + $2)
         FROM conversation_members me
         JOIN conversation_members other ON other.conversation_id = me.conversation_id AND other.slot = 1 - me.slot
         JOIN conversations c ON c.id = me.conversation_id
        WHERE me.user_id = ANY ($1) AND other.user_id IS NOT NULL
          AND $2 > 0 AND coalesce(c.ended_at, now()) > now() - make_interval(secs => $2 / 1000.0)
        GROUP BY me.user_id, other.user_id`,
      [userIds, rematchAvoidMs],
    );
    const found = new Map(
      userIds.map((id) => [id, { blocked: new Set<string>(), recent: [] as Avoidance['recent'][number][] }]),
    );
    for (const { user_id, other_id, until_ms } of rows) {
      if (until_ms === null) found.get(user_id)?.blocked.add(other_id);
      else found.get(user_id)?.recent.push({ userId: other_id, untilMs: Number(until_ms) });
    }
    return new Map([...found].map(([id, { blocked, recent }]) => [id, { blocked: [...blocked], recent }]));
  }

  /**
   * Which of these pairs must not meet, by position. Until the transaction ends nobody can block within a pair:
   * a block waits (`lockPair`), and then finds the conversation to end.
   */
  async vetoed(transaction: Transaction, pairs: readonly UserPair[], rematchAvoidMs: number): Promise<Set<number>> {
    const users = [pairs.map((pair) => pair.userA), pairs.map((pair) => pair.userB)];
    await transaction.query(
      `SELECT pg_advisory_xact_lock_shared(pair_lock_key(a, b)) FROM unnest($1::uuid[], $2::uuid[]) AS pair (a, b)`,
      users,
    );
    const rows = await transaction.query<{ place: string }>(
      `SELECT place FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS pair (a, b, place)
        WHERE EXISTS (SELECT FROM blocks WHERE (blocker_id = a AND blocked_id = b) OR (blocker_id = b AND blocked_id = a))
           OR ($3 > 0 AND EXISTS (
                SELECT FROM conversation_members me
                  JOIN conversation_members other ON other.conversation_id = me.conversation_id AND other.slot = 1 - me.slot
                  JOIN conversations c ON c.id = me.conversation_id
                 WHERE me.user_id = a AND other.user_id = b
                   AND coalesce(c.ended_at, now()) > now() - make_interval(secs => $3 / 1000.0)))`,
      [...users, rematchAvoidMs],
    );
    return new Set(rows.map(({ place }) => Number(place) - 1));
  }
}

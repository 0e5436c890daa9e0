import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Membership } from '../chat/chat.types.js';
import { partnerSlot } from '../chat/chat.types.js';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';

export interface Block {
  readonly id: string;
  readonly nickname: string;
  readonly createdAt: Date;
}

@Injectable()
export class BlockRepository {
  constructor(private readonly database: Database) {}

  /** Holds back every opening of this pair until the transaction ends, and waits for one under way (`AvoidanceRepository.vetoed`). */
  async lockPair(transaction: Transaction, userId: string, otherId: string): Promise<void> {
    await transaction.query('SELECT pg_advisory_xact_lock(pair_lock_key($1, $2))', [userId, otherId]);
  }

  /** Blocks the partner under the name that the caller knew them by. Nothing changes when they are blocked already. */
  async add(transaction: Transaction, { userId, conversationId, slot }: Membership): Promise<void> {
    await transaction.query(
      `INSERT INTO blocks (id, blocker_id, blocked_id, nickname)
       SELECT $1, $2, other.user_id, other.nickname FROM conversation_members other
        WHERE other.conversation_id = $3 AND other.slot = $4 AND other.user_id IS NOT NULL
       ON CONFLICT ON CONSTRAINT blocks_pair_key DO NOTHING`,
      [randomUUID(), userId, conversationId, partnerSlot(slot)],
    );
  }

  /** The open conversation of these two with each other. Index: participations_pkey. */
  async openBetween(transaction: Transaction, userId: string, otherId: string): Promise<string | undefined> {
    const [row] = await transaction.query<{ conversation_id: string }>(
      `SELECT me.conversation_id FROM participations me
         JOIN participations other ON other.conversation_id = me.conversation_id
        WHERE me.user_id = $1 AND other.user_id = $2`,
      [userId, otherId],
    );
    return row?.conversation_id;
  }

  /** Newest first. Index: blocks_pair_key. */
  async of(userId: string): Promise<Block[]> {
    return this.database.query<Block>(
      `SELECT id, nickname, created_at AS "createdAt" FROM blocks WHERE blocker_id = $1 ORDER BY created_at DESC, id`,
      [userId],
    );
  }

  /** Who was blocked; undefined when there is no such block, or it is somebody else's. Index: blocks_pkey. */
  async remove(transaction: Transaction, userId: string, id: string): Promise<string | undefined> {
    const [row] = await transaction.query<{ blocked_id: string }>(
      'DELETE FROM blocks WHERE id = $1 AND blocker_id = $2 RETURNING blocked_id',
      [id, userId],
    );
    return row?.blocked_id;
  }
}

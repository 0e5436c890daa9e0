import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import { MAY_BE_PUT_BACK, PUT_BACK_COLUMNS, putBack } from '../platform/queue/put-back.js';
import type { PutBack } from '../platform/queue/put-back.js';
import type { Transaction } from '../platform/postgres/database.js';

/** Erasures that one sweep puts back. */
const SWEEP_LIMIT = 500;
/** Times that a sweep puts one back: over more than the 24 h within which it is promised, when StoaRetentionOverdue pages. */
const MOST_TRIES = 32;

/** The table `erasures`. */
@Injectable()
export class ErasureRepository {
  constructor(private readonly database: Database) {}

  /** One per user: asked again before it is done, it is the same. @returns its id. Index: erasures_user_id_key. */
  async insert(transaction: Transaction, id: string, userId: string): Promise<string> {
    const [row] = await transaction.query<{ id: string }>(
      `INSERT INTO erasures (id, user_id) VALUES ($1, $2)
       ON CONFLICT (user_id) WHERE user_id IS NOT NULL DO UPDATE SET user_id = excluded.user_id RETURNING id`,
      [id, userId],
    );
    return row?.id ?? id;
  }

  /** Undefined when it is done or was never asked. Index: erasures_pkey. */
  async findUser(id: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ userId: string }>(
      'SELECT user_id AS "userId" FROM erasures WHERE id = $1 AND done_at IS NULL',
      [id],
    );
    return row?.userId;
  }

  /** Takes what a lost or failed job left undone, oldest first, for another try or to give it up. Index: erasures_user_id_key. */
  takeForgotten(): Promise<PutBack[]> {
    return this.database.query<PutBack>(
      `UPDATE erasures SET ${putBack(MOST_TRIES)} WHERE id IN (
         SELECT id FROM erasures WHERE user_id IS NOT NULL AND requested_at < now() - interval '5 s' AND ${MAY_BE_PUT_BACK}
          ORDER BY requested_at LIMIT ${SWEEP_LIMIT} FOR UPDATE SKIP LOCKED)
       RETURNING ${PUT_BACK_COLUMNS}`,
    );
  }

  /**
   * The user and all that hangs on the row: sessions, outbox, blocks, exports. What they said stays with their partners
   * until its retention is over, without a name. Undefined while a conversation is open. @returns their address, if they were a
   * member who is there. Index: users_pkey.
   */
  async deleteUser(transaction: Transaction, userId: string): Promise<{ email: string | null } | undefined> {
    // The lock first: a conversation that is being opened at this moment is seen by the statement after it.
    await transaction.query('SELECT FROM users WHERE id = $1 FOR UPDATE', [userId]);
    const [open] = await transaction.query('SELECT FROM participations WHERE user_id = $1', [userId]);
    if (open) return undefined;
    const [user] = await transaction.query<{ email: string | null }>(
      'DELETE FROM users WHERE id = $1 RETURNING email_norm AS email',
      [userId],
    );
    return user ?? { email: null };
  }

  /** Index: erasures_pkey. */
  async finish(transaction: Transaction, id: string): Promise<void> {
    await transaction.query('UPDATE erasures SET done_at = now(), user_id = NULL WHERE id = $1', [id]);
  }
}

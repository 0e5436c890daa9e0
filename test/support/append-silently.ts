import { randomUUID } from 'node:crypto';
import type pg from 'pg';

/** Conversation ids of the database, not the handles of the wire. */
export const conversationOf = async (postgres: pg.Client, userId: string): Promise<string> => {
  const { rows } = await postgres.query('SELECT conversation_id FROM participations WHERE user_id = $1', [userId]);
  return rows[0].conversation_id;
};

/** Stores a message as a process does that dies before it hands it on. */
export const appendSilently = async (
  postgres: pg.Client,
  userId: string,
  text: string,
  clientId = randomUUID(),
): Promise<void> => {
  const { rows } = await postgres.query('SELECT outcome FROM append_messages($1, $2, $3, $4)', [
    [await conversationOf(postgres, userId)],
    [userId],
    [clientId],
    [text],
  ]);
  if (rows[0].outcome !== 'stored') throw new Error(`append_messages answered ${rows[0].outcome}`);
};

import { setTimeout as sleep } from 'node:timers/promises';
import type { ClosingCode, Connection } from './connection.types.js';

/** How long a connection that is over still answers, so that what was on its way is refused and not swallowed (ms). */
const LINGER = 200;
/** Longest that it waits for the answers which it is owed (ms): within the second that a take-over may take. */
const ANSWERS_WITHIN = 750;

/**
 * Closes a connection once what it had asked is answered, so that no sender is left to guess about a message that was stored.
 * What it asks from now on is refused with `code`, unless another close was first. Never rejects.
 */
export async function closeConnection(connection: Connection, code: ClosingCode): Promise<void> {
  const { data } = connection;
  data.closing ??= code;
  const answered = Promise.all([data.order?.settled(), pause(LINGER)]);
  await Promise.race([answered, pause(ANSWERS_WITHIN)]);
  connection.disconnect(true);
}

const pause = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

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
  await Promise.all([answersOf(connection), pause(LINGER)]);
  disconnectNow(connection);
}

/**
 * Closes at once. Who has no `session:ready` by now gets none, and of what waits behind it one event alone: without
 * `session:superseded` the client would come back by itself and take over in its turn.
 */
export function disconnectNow(connection: Connection): void {
  for (const [event, payload] of connection.data.held ?? [])
    if (event === 'session:superseded') connection.emit(event, payload as never);
  connection.disconnect(true);
}

/** Resolves when what the connection asked until now is answered, or after 750 ms. Never rejects. */
export async function answersOf({ data }: Connection): Promise<void> {
  await Promise.race([data.order?.settled(), pause(ANSWERS_WITHIN)]);
}

const pause = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });

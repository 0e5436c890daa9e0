import type { ServerEvent, ServerEvents } from '../../contracts/socket-events.js';
import type { Connection } from './connection.types.js';

/** Sends an event; behind `session:ready` where that is still to come, for it is the first on every connection. */
export function emitBehindReady<E extends ServerEvent>(
  connection: Connection,
  event: E,
  payload: ServerEvents[E],
): void {
  const { held } = connection.data;
  const packet: [ServerEvent, unknown] = [event, payload];
  if (held) held.push(packet);
  else connection.emit(packet[0], packet[1] as never);
}

import type { Connection } from './connection.types.js';
import { clientOf, engineOf } from './engine-socket.js';
import { readEvent } from './socket-wire.js';
import type { WireEvent } from './socket-wire.js';

/**
 * Takes the events named in `names` at the engine, before Socket.IO's decoder and emitters; everything else, malformed and binary
 * packets too, goes its usual way. `take` is called in the order of arrival with what Socket.IO hands over, because both wait
 * for the same queue of `process.nextTick`.
 * @returns false when the inside is not what it was: then nothing is taken, and Socket.IO hands over all
 */
export function tapEvents(
  connection: Connection,
  names: ReadonlySet<string>,
  take: (event: WireEvent) => void,
): boolean {
  const [engine, client] = [engineOf(connection), clientOf(connection)];
  const decode = client.ondata;
  if (!engine.listeners('data').includes(decode) || !client.decoder) return false;
  engine.removeListener('data', decode);
  engine.on('data', (data) => {
    const usable = typeof data === 'string' && !client.decoder.reconstructor && connection.connected;
    const event = usable ? readEvent(data, names) : undefined;
    if (event) process.nextTick(take, event);
    else decode(data);
  });
  return true;
}

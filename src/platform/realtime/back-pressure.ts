import { setTimeout as sleep } from 'node:timers/promises';
import { StoaError } from '../errors/stoa-error.js';
import type { Connection } from './connection.types.js';
import { engineOf } from './engine-socket.js';
import { unreadBytes } from './slow-consumer.guard.js';
import { MAX_UNREAD } from './slow-consumers.js';

/** What was asked for is not worked out: whoever asked has gone without reading. */
export class Unheard extends StoaError {
  constructor() {
    super('BUSY', { level: 'debug' });
  }
}

/** ms between two looks */
const INTERVAL = 50;

/**
 * Whether so much is unread that nothing more is worked out for this connection: what a client asks for and does not read takes one
 * answer beyond the bound of a slow consumer, however often it asks. Cheap: looked at before each event.
 */
export function isBehind(connection: Connection): boolean {
  const engine = engineOf(connection);
  if (connection.data.leftUnread) return true;
  return engine.writeBuffer.length === 0
    ? connection.request.socket.writableLength > MAX_UNREAD
    : unreadBytes(engine) > MAX_UNREAD;
}

/** Until enough was read. @throws Unheard when the connection ended meanwhile: the guard closes who does not read */
export async function untilRead(connection: Connection): Promise<void> {
  while (connection.connected && isBehind(connection)) await sleep(INTERVAL);
  if (connection.connected) return;
  connection.data.leftUnread = true;
  throw new Unheard();
}

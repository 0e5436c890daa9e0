import type { ServerEvent, ServerEvents } from '../../contracts/socket-events.js';
import type { Connection } from './connection.types.js';
import { engineOf } from './engine-socket.js';
import { eventPacket, textFrame } from './socket-wire.js';

/** `WebSocket.OPEN` */
const OPEN = 1;

/** Sends an event as `connection.emit` does, at half of its cost: encoded once, written as one frame. */
export function sendEvent<E extends ServerEvent>(connection: Connection, event: E, payload: ServerEvents[E]): void {
  for (const listener of connection.listenersAnyOutgoing()) listener(event, payload);
  writePacket(connection, eventPacket(event, payload));
}

/**
 * Writes a packet straight to the TCP socket, in order with what Socket.IO sends: where the engine has packets waiting, it
 * goes behind them. What is not read counts in `bufferedAmount` like all else (`slow-consumer.guard.ts`). Nothing to a closed one.
 */
export function writePacket(connection: Connection, packet: string): void {
  const engine = engineOf(connection);
  if (engine.readyState !== 'open') return;
  const isDirect = engine.transport.socket?.readyState === OPEN && engine.writeBuffer.length === 0;
  const frame = isDirect ? textFrame(packet) : undefined;
  if (frame) connection.request.socket.write(frame, 'latin1');
  else engine.write(packet);
}

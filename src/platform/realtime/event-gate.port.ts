import type { ClientEvent } from '../../contracts/socket-events.js';
import type { Connection } from './connection.types.js';

/** Limits on what a connection may send. Local and synchronous: nothing on a message's path waits for Redis. */
export abstract class EventGate {
  /** Before anything of the event is looked at; `event` is undefined for an unknown one. @throws RateLimited */
  abstract admit(connection: Connection, event: ClientEvent | undefined): void;

  /** An unknown or malformed event, or one without acknowledgement. @returns true when the connection must close */
  abstract strike(connection: Connection): boolean;
}

import type { ClientEvent } from '../../contracts/socket-events.js';
import type { Connection } from './connection.types.js';

/** Limits on what a connection may send. Local and synchronous: nothing on a message's path waits for Redis. */
export abstract class EventGate {
  /** Before anything of the event is looked at: what the socket sends at all. @throws RateLimited */
  abstract admit(connection: Connection): void;

  /** What its user may ask for. Once the connection is open: until then it is not known here what they have spent elsewhere. @throws RateLimited */
  abstract charge(connection: Connection, event: ClientEvent): void;

  /** An unknown or malformed event, or one without acknowledgement. @returns true when the connection must close */
  abstract strike(connection: Connection): boolean;
}

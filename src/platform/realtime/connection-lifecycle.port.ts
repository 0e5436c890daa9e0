import type { Connection } from './connection.types.js';

/** What happens around a connection. The lobby implements it; the edge calls it. */
export abstract class ConnectionLifecycle {
  /** First in the socket's order: no client event is handled before it ends. A rejection closes the connection. */
  abstract opened(connection: Connection): Promise<void>;

  /** After the transport is gone; nothing can be sent any more. */
  abstract closed(connection: Connection, reason: string): Promise<void>;
}

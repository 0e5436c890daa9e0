import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { ClientToServer, ServerEvent, ServerToClient } from '../../contracts/socket-events.js';
import type { Identity } from '../identity/identity.types.js';
import type { SocketOrder } from './socket-order.js';

/** Why a connection is over: what it still asks is refused with this code. */
export type ClosingCode = 'SUPERSEDED' | 'UNAUTHENTICATED' | 'DRAINING';

/** What a socket carries for its whole life. */
export interface ConnectionData {
  identity: Identity;
  /** Random; joins the log lines of one connection. Never shown to anybody else. */
  connectionId: string;
  /** Keyed digest of the address, for audit rows and limits. */
  ipHash?: string;
  /** Set by presence when the connection became the user's live one. */
  generation?: number;
  /** Events that wait for `session:ready`, which is the first on every connection; absent once it was sent. */
  held?: [event: ServerEvent, payload: unknown][];
  /** What it asked, in order; set by the edge. */
  order?: SocketOrder;
  /** Set when it is over, and waits for its last answers only. */
  closing?: ClosingCode;
  /** Set when it ends because it did not read: what it had asked for is not worked out. */
  leftUnread?: true;
}

/** One live socket, after the handshake. */
export type Connection = Socket<ClientToServer, ServerToClient, DefaultEventsMap, ConnectionData>;

/** The Socket.IO server of this process. */
export type RealtimeServer = Server<ClientToServer, ServerToClient, DefaultEventsMap, ConnectionData>;

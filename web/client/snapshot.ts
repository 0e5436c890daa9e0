import type { EndReason, RevokeReason, ServerEvents } from '../../src/contracts/socket-events.js';
import type { Conversation, SearchStatus, User } from '../../src/contracts/state.dto.js';
import type { Outbox } from './outbox.js';
import type { Timeline } from './timeline.js';

/**
 * `closed` before the first connect and after one's own close; `reconnecting` tries by itself; `superseded` (live
 * elsewhere) and `revoked` (the session is over) never do.
 */
export type ConnectionStatus = 'closed' | 'connecting' | 'online' | 'reconnecting' | 'superseded' | 'revoked';

/** A search, with the time (`performance.now()`) at which its status came: waited so far = waitedMs + now − receivedAt. */
export interface SearchView extends SearchStatus {
  readonly receivedAt: number;
}

/** An open conversation, with all that is known of it. */
export interface Chat {
  readonly conversation: Conversation;
  readonly timeline: Timeline;
  readonly partnerTyping: boolean;
  /** The partner has seen everything up to this seq; 0 when nothing, or not known. */
  readonly seenByPartner: number;
}

/** A conversation that has ended. `away`: it ended while this client was not connected, nobody can say how. */
export interface PastChat extends Chat {
  readonly reason: EndReason | 'away';
  /** What one said of it, once said. */
  readonly rated?: boolean;
  readonly blocked?: boolean;
}

/** A word from the server (`server:notice`), numbered so that the same word twice is two notices. */
export interface NumberedNotice extends Readonly<ServerEvents['server:notice']> {
  readonly number: number;
}

/** All that a client can show; immutable. */
export interface Snapshot {
  readonly connection: ConnectionStatus;
  /** With `revoked`. */
  readonly revokeReason?: RevokeReason;
  readonly user?: User;
  /** `unknown` until the server has told for the first time. */
  readonly phase: 'unknown' | 'idle' | 'searching' | 'chatting';
  readonly search?: SearchView;
  readonly chat?: Chat;
  /** The newest conversation that has ended, until the next one begins or it is put away. */
  readonly past?: PastChat;
  readonly outbox: Outbox;
  readonly notice?: NumberedNotice;
}

export const initialSnapshot: Snapshot = { connection: 'closed', phase: 'unknown', outbox: [] };

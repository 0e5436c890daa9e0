import type { SocketError } from './error-codes.js';
import {
  Empty,
  LeaveConversation,
  MarkSeen,
  RateConversation,
  SendMessage,
  SetTyping,
  StartSearch,
  SyncConversation,
} from './socket-requests.dto.js';
import {
  ConversationEnd,
  Draining,
  Notice,
  PresenceMark,
  Revoked,
  SeenMark,
  Superseded,
  TypingMark,
} from './server-events.dto.js';

export type { EndReason, RevokeReason } from './server-events.dto.js';
import { Conversation, Message, SearchStatus, State } from './state.dto.js';
import type { MessagePage, SentMessage } from './state.dto.js';

/** Every client event with the class that describes its payload: the single source of its validation. */
export const CLIENT_EVENTS = {
  'session:state': Empty,
  'search:start': StartSearch,
  'search:cancel': Empty,
  'message:send': SendMessage,
  'message:seen': MarkSeen,
  'typing:set': SetTyping,
  'conversation:sync': SyncConversation,
  'conversation:leave': LeaveConversation,
  'conversation:rate': RateConversation,
} as const;

export type ClientEvent = keyof typeof CLIENT_EVENTS;
/** The payload of a client event. */
export type ClientPayload<E extends ClientEvent> = InstanceType<(typeof CLIENT_EVENTS)[E]>;

/** What each client event answers with (`data` of the acknowledgement). */
export interface ClientReplies {
  'session:state': State;
  'search:start': State;
  'search:cancel': State;
  'message:send': SentMessage;
  'message:seen': Record<string, never>;
  'typing:set': Record<string, never>;
  'conversation:sync': MessagePage;
  'conversation:leave': State;
  'conversation:rate': Record<string, never>;
}

/** The acknowledgement that every client event gets. */
export type Ack<T> = { ok: true; data: T } | { ok: false; error: SocketError };

/** Every server event with the class that describes its payload; a contract test holds what is sent against it. */
export const SERVER_EVENTS = {
  'session:ready': State,
  'session:superseded': Superseded,
  'session:revoked': Revoked,
  'search:status': SearchStatus,
  'conversation:started': Conversation,
  'message:new': Message,
  'message:seen': SeenMark,
  'typing:changed': TypingMark,
  'partner:presence': PresenceMark,
  'conversation:ended': ConversationEnd,
  'server:draining': Draining,
  'server:notice': Notice,
} as const;

export type ServerEvent = keyof typeof SERVER_EVENTS;
/** Every server event with its payload. */
export type ServerEvents = { [E in ServerEvent]: InstanceType<(typeof SERVER_EVENTS)[E]> };

/** The event map of a Socket.IO client (`Socket<ServerToClient, ClientToServer>`). */
export type ClientToServer = {
  [E in ClientEvent]: (payload: ClientPayload<E>, ack: (answer: Ack<ClientReplies[E]>) => void) => void;
};
export type ServerToClient = { [E in ServerEvent]: (payload: ServerEvents[E]) => void };

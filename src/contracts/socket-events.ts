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
import type {
  Conversation,
  Message,
  MessagePage,
  PartnerPresence,
  SearchStatus,
  SentMessage,
  State,
} from './state.dto.js';

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

export type EndReason = 'partner_left' | 'you_left' | 'timeout' | 'ended';
export type RevokeReason = 'expired' | 'signed_out' | 'suspended';

/** Every server event with its payload. */
export interface ServerEvents {
  'session:ready': State;
  'session:superseded': { at: string };
  'session:revoked': { reason: RevokeReason };
  'search:status': SearchStatus;
  'conversation:started': Conversation;
  'message:new': Message;
  'message:seen': { conversationId: string; seq: number };
  'typing:changed': { conversationId: string; typing: boolean };
  'partner:presence': { conversationId: string } & PartnerPresence;
  'conversation:ended': { conversationId: string; reason: EndReason };
  'server:draining': { reconnectInMs: number };
  'server:notice': { code: string; message: string };
}

export type ServerEvent = keyof ServerEvents;

/** The event map of a Socket.IO client (`Socket<ServerToClient, ClientToServer>`). */
export type ClientToServer = {
  [E in ClientEvent]: (payload: ClientPayload<E>, ack: (answer: Ack<ClientReplies[E]>) => void) => void;
};
export type ServerToClient = { [E in ServerEvent]: (payload: ServerEvents[E]) => void };

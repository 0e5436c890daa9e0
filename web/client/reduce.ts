import type { EndReason, ServerEvents } from '../../src/contracts/socket-events.js';
import type { Conversation, Message, SearchStatus, State } from '../../src/contracts/state.dto.js';
import { settle } from './outbox.js';
import type { Chat, PastChat, Snapshot } from './snapshot.js';
import { emptyTimeline, merge } from './timeline.js';

/** The server's word on what a person is doing: replaces what was thought, keeps what is known of the same conversation. */
export const applyState = (snapshot: Snapshot, state: State, now: number): Snapshot => {
  const { search: _search, ...rest } = snapshot;
  const told: Snapshot = {
    ...turnTo(rest, state.conversation?.id),
    user: state.user,
    phase: state.state,
    ...(state.search && { search: { ...state.search, receivedAt: now } }),
  };
  if (!state.conversation) return told;
  const opened = openChat(told, state.conversation);
  return applyMessages(opened, state.conversation.id, state.messages ?? [], state.lastSeq);
};

/** Ignored when it speaks of another search than the present one. */
export const applySearchStatus = (snapshot: Snapshot, status: SearchStatus, now: number): Snapshot =>
  snapshot.phase === 'searching' && (!snapshot.search || snapshot.search.searchId === status.searchId)
    ? { ...snapshot, search: { ...status, receivedAt: now } }
    : snapshot;

export const applyStarted = (snapshot: Snapshot, conversation: Conversation): Snapshot => {
  const { search: _search, ...rest } = snapshot;
  return openChat({ ...turnTo(rest, conversation.id), phase: 'chatting' }, conversation);
};

/** Merges messages into their conversation, open or past, and takes the own ones out of the outbox. */
export const applyMessages = (
  snapshot: Snapshot,
  conversationId: string,
  messages: readonly Message[],
  lastSeq?: number,
): Snapshot => {
  const own = new Set(messages.flatMap((message) => message.clientId ?? []));
  const fromPartner = messages.some((message) => message.from === 'partner');
  return {
    ...changeChat(snapshot, conversationId, (chat) => ({
      timeline: merge(chat.timeline, messages, lastSeq),
      partnerTyping: chat.partnerTyping && !fromPartner,
    })),
    outbox: settle(snapshot.outbox, own),
  };
};

export const applySeen = (snapshot: Snapshot, seen: ServerEvents['message:seen']): Snapshot =>
  changeChat(snapshot, seen.conversationId, (chat) => ({ seenByPartner: Math.max(chat.seenByPartner, seen.seq) }));

export const applyTyping = (snapshot: Snapshot, typing: ServerEvents['typing:changed']): Snapshot =>
  changeChat(snapshot, typing.conversationId, () => ({ partnerTyping: typing.typing }));

export const applyPresence = (snapshot: Snapshot, presence: ServerEvents['partner:presence']): Snapshot => {
  const { conversationId, ...rest } = presence;
  return changeChat(snapshot, conversationId, (chat) => ({
    conversation: { ...chat.conversation, presence: rest },
    partnerTyping: chat.partnerTyping && rest.state === 'here',
  }));
};

/** The end of the open conversation, or a better reason for the end of the past one. */
export const applyEnded = (snapshot: Snapshot, conversationId: string, reason: EndReason): Snapshot => {
  if (snapshot.chat?.conversation.id === conversationId) return moveToPast({ ...snapshot, phase: 'idle' }, reason);
  if (snapshot.past?.conversation.id !== conversationId || snapshot.past.reason !== 'away') return snapshot;
  return { ...snapshot, past: { ...snapshot.past, reason } };
};

export const applyNotice = (snapshot: Snapshot, notice: ServerEvents['server:notice']): Snapshot => ({
  ...snapshot,
  notice: { ...notice, number: (snapshot.notice?.number ?? 0) + 1 },
});

/** What the user did with a past conversation. */
export const markPast = (
  snapshot: Snapshot,
  conversationId: string,
  mark: Pick<PastChat, 'rated' | 'blocked'>,
): Snapshot =>
  snapshot.past?.conversation.id === conversationId ? { ...snapshot, past: { ...snapshot.past, ...mark } } : snapshot;

/** Puts the past conversation away, with what was not sent in it. */
export const forgetPast = (snapshot: Snapshot): Snapshot => {
  if (!snapshot.past) return snapshot;
  const { past, ...rest } = snapshot;
  return { ...rest, outbox: snapshot.outbox.filter((item) => item.conversationId !== past.conversation.id) };
};

const moveToPast = (snapshot: Snapshot, reason: PastChat['reason']): Snapshot => {
  const { chat, ...rest } = forgetPast(snapshot);
  return chat ? { ...rest, past: { ...chat, partnerTyping: false, reason } } : snapshot;
};

/**
 * Before the conversation of this id opens (undefined: none is open): another one that seemed open is past, and a past
 * one is forgotten.
 */
const turnTo = (snapshot: Snapshot, id: string | undefined): Snapshot => {
  const { chat, past, ...rest } = snapshot;
  if (chat && chat.conversation.id !== id) return moveToPast(snapshot, 'away');
  if (id === undefined || !past) return snapshot;
  // It was not over after all.
  if (!chat && past.conversation.id === id) return { ...rest, chat: past };
  return forgetPast(snapshot);
};

const openChat = (snapshot: Snapshot, conversation: Conversation): Snapshot => {
  const known = snapshot.chat?.conversation.id === conversation.id ? snapshot.chat : undefined;
  const fresh: Chat = { conversation, timeline: emptyTimeline, partnerTyping: false, seenByPartner: 0 };
  return { ...snapshot, chat: known ? { ...known, conversation } : fresh };
};

const changeChat = (snapshot: Snapshot, conversationId: string, by: (chat: Chat) => Partial<Chat>): Snapshot => {
  const { chat, past } = snapshot;
  if (chat?.conversation.id === conversationId) return { ...snapshot, chat: { ...chat, ...by(chat) } };
  if (past?.conversation.id === conversationId) return { ...snapshot, past: { ...past, ...by(past) } };
  return snapshot;
};

import type { Conversation, Message, MessagePage, Partner, PartnerPresence } from '../contracts/state.dto.js';
import type { EndReason } from '../contracts/socket-events.js';
import type {
  EndCause,
  MemberView,
  Membership,
  OpenConversation,
  OpenedConversation,
  Slot,
  StoredMessage,
  StoredPage,
} from './chat.types.js';
import { partnerSlot } from './chat.types.js';

/** How long things last (ms). */
export interface Durations {
  idleMs: number;
  reconnectGraceMs: number;
}

/** A moment as clients see it: to the second, since finer times would tell more of a person than a chat needs. */
export function toSecond(at: Date): string {
  const second = Math.floor(at.getTime() / 1_000);
  if (second !== lately.second) lately = { second, text: new Date(second * 1_000).toISOString() };
  return lately.text;
}

/** Most messages on their way are of the same second. */
let lately = { second: NaN, text: '' };

const later = (at: Date, ms: number): string => toSecond(new Date(at.getTime() + ms));

function viewPartner({ nickname, gender, ageBand, languages }: MemberView, sharedInterests: string[]): Partner {
  return { nickname, ...(gender ? { gender } : {}), ageBand, languages, sharedInterests };
}

export const viewPresence = (awaySince: Date | null, { reconnectGraceMs }: Durations): PartnerPresence =>
  awaySince ? { state: 'reconnecting', graceEndsAt: later(awaySince, reconnectGraceMs) } : { state: 'here' };

/** A new conversation as the member in `slot` sees it. */
export function viewOpened(opened: OpenedConversation, slot: Slot, durations: Durations): Conversation {
  return {
    id: opened.members[slot].handle,
    startedAt: toSecond(opened.startedAt),
    partner: viewPartner(opened.members[partnerSlot(slot)], opened.sharedInterests),
    presence: { state: 'here' },
    idleEndsAt: later(opened.lastActivityAt, durations.idleMs),
  };
}

export function viewConversation(open: OpenConversation, durations: Durations): Conversation {
  return {
    id: open.membership.handle,
    startedAt: toSecond(open.startedAt),
    partner: viewPartner(open.partner, open.sharedInterests),
    presence: viewPresence(open.partnerAwaySince, durations),
    idleEndsAt: later(open.lastActivityAt, durations.idleMs),
  };
}

/** A message as the member in `slot`, who calls the conversation `handle`, sees it. */
export function viewMessage(message: StoredMessage, { slot, handle }: Pick<Membership, 'slot' | 'handle'>): Message {
  const own = message.slot === slot;
  return {
    conversationId: handle,
    seq: message.seq,
    from: own ? 'you' : 'partner',
    text: message.text,
    sentAt: toSecond(message.sentAt),
    ...(own ? { clientId: message.clientId } : {}),
  };
}

/** A page that began after `after`. It is complete only when it reaches the newest message without a gap. */
export function viewPage({ messages, lastSeq }: StoredPage, after: number, viewer: Membership): MessagePage {
  const reached = messages.at(-1)?.seq ?? after;
  return {
    messages: messages.map((message) => viewMessage(message, viewer)),
    lastSeq,
    complete: reached >= lastSeq && messages.length === Math.max(0, lastSeq - after),
  };
}

/** Why it ended, as the member in `viewer` may know it. A ban or a report looks like `ended`. */
export function viewEnd(cause: EndCause, bySlot: Slot | null, viewer: Slot): EndReason {
  if (cause === 'timeout' || cause === 'ended') return cause;
  return bySlot === viewer ? 'you_left' : 'partner_left';
}

import type { AgeBand, Gender } from '../contracts/profile.dto.js';

/** Place of a member in a conversation; the partner's is the other one. */
export type Slot = 0 | 1;

/** Two people whom matching wants to bring together. */
export interface PairToOpen {
  userA: string;
  userB: string;
  /** What both named, as both may see it. */
  sharedInterests: string[];
}

/** Whether a user can be in a new conversation: `gone` is erased, `chatting` is in one already. */
export type Availability = 'free' | 'chatting' | 'gone';

/** A member as the partner may see them: what the profile said at the start. */
export interface MemberView {
  userId: string;
  /** What this member, and nobody else, calls the conversation. */
  handle: string;
  nickname: string;
  gender: Gender | null;
  ageBand: AgeBand;
  languages: string[];
}

/** A conversation that has just begun. `members` by slot. */
export interface OpenedConversation {
  conversationId: string;
  startedAt: Date;
  lastActivityAt: Date;
  sharedInterests: string[];
  members: [MemberView, MemberView];
}

/** What became of one pair. A refused pair changed nothing; `a` and `b` say who stood in the way. */
export type OpenOutcome =
  | { opened: true; pair: PairToOpen; conversation: OpenedConversation }
  | { opened: false; pair: PairToOpen; a: Availability; b: Availability };

/** What never changes about a member of a conversation. */
export interface Membership {
  conversationId: string;
  /** `YYYY-MM-DD`: the partition of the messages. */
  startedOn: string;
  slot: Slot;
  userId: string;
  handle: string;
  /** Null when the partner was erased. */
  partnerUserId: string | null;
  partnerHandle: string;
}

/** A message as it is stored. */
export interface StoredMessage {
  seq: number;
  slot: Slot;
  clientId: string;
  text: string;
  sentAt: Date;
}

/** Messages of one conversation after a position, oldest first, with the conversation's newest `seq` at that moment. */
export interface StoredPage {
  messages: StoredMessage[];
  lastSeq: number;
}

/** An open conversation as one member sees it, with what their client needs to go on. */
export interface OpenConversation {
  membership: Membership;
  startedAt: Date;
  lastActivityAt: Date;
  lastSeq: number;
  sharedInterests: string[];
  partner: MemberView;
  /** Since when the partner has no connection. */
  partnerAwaySince: Date | null;
  /** The newest, oldest first. */
  messages: StoredMessage[];
}

/** Why a conversation ended: `left` by choice, `abandoned` after the grace, `timeout` after silence, `ended` by safety or erasure. */
export type EndCause = 'left' | 'abandoned' | 'timeout' | 'ended';

/** A conversation that this process has just ended. `members` by slot; null where a user was erased. */
export interface EndedConversation {
  conversationId: string;
  cause: EndCause;
  startedAt: Date;
  endedAt: Date;
  lastSeq: number;
  /** Who left or was lost. */
  bySlot: Slot | null;
  members: [EndedMember, EndedMember];
}

export interface EndedMember {
  userId: string | null;
  handle: string;
}

export const partnerSlot = (slot: Slot): Slot => (slot === 0 ? 1 : 0);

/** Somebody came or went, over a connection of this generation; the newest is the highest. */
export interface Sighting {
  userId: string;
  /** 0: nobody was seen in this conversation yet. */
  generation: number;
}

import type { EndCause, Slot } from './chat.types.js';

/** Two users talk; they are in no other conversation. */
export class ConversationOpened {
  constructor(
    readonly conversationId: string,
    readonly userIds: readonly [string, string],
    readonly startedAt: Date,
  ) {}
}

/** A conversation has ended; published once, by the process that ended it. */
export class ConversationEnded {
  constructor(
    readonly conversationId: string,
    /** By slot; null where a user was erased. */
    readonly userIds: readonly [string | null, string | null],
    readonly cause: EndCause,
    /** Who left or was lost. */
    readonly bySlot: Slot | null,
    readonly startedAt: Date,
    readonly endedAt: Date,
    /** How many messages it had. */
    readonly messages: number,
  ) {}
}

/** A member of an open conversation has no connection any more; the grace runs. */
export class MemberWentAway {
  constructor(
    readonly conversationId: string,
    readonly userId: string,
  ) {}
}

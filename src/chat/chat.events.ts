import type { EndedConversation } from './chat.types.js';

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
  constructor(readonly facts: Readonly<EndedConversation>) {}
}

/** A member of an open conversation has no connection any more; the grace runs. */
export class MemberWentAway {
  constructor(
    readonly conversationId: string,
    readonly userId: string,
  ) {}
}

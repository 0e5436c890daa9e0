import type { KnownConversation } from './client-knowledge.service.js';

/** An open conversation of a user as Postgres has it. */
export interface TrueConversation {
  conversationId: string;
  handle: string;
  lastSeq: number;
  /** The user, connected here, is marked away. */
  selfAway: boolean;
  partnerAwaySince: Date | null;
}

/** What a client lacks. */
export interface Gaps {
  /** Handle of a conversation that the client believes open, and that is not. */
  ended?: string;
  /** The client does not know of its conversation. */
  started: boolean;
  /** Messages beyond this seq may be missing. */
  messagesAfter?: number;
  /** The partner's presence differs from what the client was told. */
  presence: boolean;
  /** The mark that the user is away is wrong. */
  selfAway: boolean;
}

/** Compares what a client knows with what is true; undefined when it lacks nothing. */
export function findGaps(known: KnownConversation | undefined, truth: TrueConversation | undefined): Gaps | undefined {
  const same = known !== undefined && known.handle === truth?.handle;
  const top = same ? known.seqs.top : 0;
  const gaps: Gaps = {
    ...(known && !same ? { ended: known.handle } : {}),
    started: truth !== undefined && !same,
    ...(truth && truth.lastSeq > top ? { messagesAfter: top } : {}),
    presence: same && (known.presence === 'reconnecting') !== (truth?.partnerAwaySince != null),
    selfAway: truth?.selfAway ?? false,
  };
  const isWhole = !gaps.ended && !gaps.started && gaps.messagesAfter === undefined && !gaps.presence && !gaps.selfAway;
  return isWhole ? undefined : gaps;
}

import { Injectable } from '@nestjs/common';
import { ConversationConfig } from '../config/config.types.js';
import type { Conversation, Message } from '../contracts/state.dto.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import type { Transaction } from '../platform/postgres/database.js';
import type {
  EndCause,
  EndedConversation,
  Membership,
  OpenConversation,
  OpenedConversation,
  OpenOutcome,
  PairToOpen,
} from './chat.types.js';
import { ConversationEnding } from './conversation-ending.js';
import type { AnnounceOptions } from './conversation-ending.js';
import { ConversationNotices } from './conversation-notices.js';
import { ConversationRepository } from './conversation.repository.js';
import type { EndRequest } from './conversation.repository.js';
import { viewConversation, viewMessage } from './conversation-view.js';
import { MemberLookup } from './member-lookup.js';
import { PageReader } from './page-reader.js';

/** Messages that `State` carries. */
const NEWEST = 50;
/** Read beyond `NEWEST`, for what arrives between the two reads. */
const SLACK = 50;

/** A conversation as `State` shows it. */
export interface ConversationState {
  conversation: Conversation;
  /** The newest 50, oldest first. */
  messages: Message[];
  lastSeq: number;
}

/** Conversations: from the match to the end. */
@Injectable()
export class ConversationService {
  private readonly openOf: BatchLoader<string, Omit<OpenConversation, 'messages'>>;

  constructor(
    private readonly repository: ConversationRepository,
    private readonly members: MemberLookup,
    private readonly pages: PageReader,
    private readonly ending: ConversationEnding,
    private readonly notices: ConversationNotices,
    private readonly durations: ConversationConfig,
  ) {
    this.openOf = new BatchLoader((userIds) => repository.openOf(userIds));
  }

  /**
   * Opens conversations in the caller's transaction, one outcome per pair in their order. A refused pair changes nothing and
   * harms no other. After the commit: `announce`.
   */
  open(transaction: Transaction, pairs: PairToOpen[]): Promise<OpenOutcome[]> {
    if (pairs.some(({ userA, userB }) => userA === userB)) throw new Error('nobody talks with themselves');
    return pairs.length === 0 ? Promise.resolve([]) : this.repository.open(transaction, pairs);
  }

  /** Tells both users of each conversation, and the other features. Only after the commit. */
  announce(opened: OpenedConversation[]): void {
    for (const conversation of opened) this.notices.opened(conversation);
  }

  /** The user's open conversation with its newest messages; undefined when there is none. Herds are joined into few queries. */
  async stateOf(userId: string): Promise<ConversationState | undefined> {
    const open = await this.openOf.get(userId);
    if (!open) return undefined;
    const { membership } = open;
    this.members.note(membership);
    const after = Math.max(0, open.lastSeq - NEWEST);
    const page = await this.pages.read({ conversationId: membership.conversationId, after, limit: NEWEST + SLACK });
    const stored = page?.messages.slice(-NEWEST) ?? [];
    return {
      conversation: viewConversation({ ...open, messages: stored }, this.durations),
      messages: stored.map((message) => viewMessage(message, membership)),
      lastSeq: stored.at(-1)?.seq ?? open.lastSeq,
    };
  }

  /** One's own place in a conversation, also an ended one while it is kept. @throws NotFound for any other handle */
  async membershipOf(userId: string, handle: string): Promise<Membership> {
    return this.members.find(userId, handle);
  }

  /**
   * Leaves one's own conversation; leaving it again changes nothing. The caller learns it from the acknowledgement, the partner is told.
   * @throws NotFound for any other handle
   */
  async leave({ userId }: Identity, handle: string): Promise<void> {
    const { conversationId } = await this.members.find(userId, handle);
    await this.end(conversationId, 'left', userId, { tellLeaver: false });
  }

  /** Ends a conversation, once: undefined when it had ended. `by`: who left or was lost. Both are told. */
  async end(
    conversationId: string,
    cause: EndCause,
    by: string | null,
    options?: AnnounceOptions,
  ): Promise<EndedConversation | undefined> {
    const [ended] = await this.ending.end([{ conversationId, by }], cause, options);
    return ended;
  }

  /** Ends whatever conversation the user is in. */
  async endOf(userId: string, cause: EndCause, by: string | null): Promise<EndedConversation | undefined> {
    const open = await this.openOf.get(userId);
    return open && this.end(open.membership.conversationId, cause, by);
  }

  /** Ends conversations in the caller's transaction; answers those that were open. After the commit: `announceEnd`. */
  endIn(transaction: Transaction, requests: EndRequest[], cause: EndCause): Promise<EndedConversation[]> {
    return this.ending.endIn(transaction, requests, cause);
  }

  announceEnd(ended: EndedConversation[], options?: AnnounceOptions): void {
    this.ending.announce(ended, options);
  }

  /** Ends conversations whose lost member stayed away beyond the grace. @returns how many */
  endAbandoned(): Promise<number> {
    return this.ending.endAbandoned();
  }

  /** Ends conversations in which nothing happened for too long. @returns how many */
  endIdle(): Promise<number> {
    return this.ending.endIdle();
  }
}

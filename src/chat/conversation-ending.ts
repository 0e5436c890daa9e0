import { Injectable } from '@nestjs/common';
import { ConversationConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';
import type { EndCause, EndedConversation } from './chat.types.js';
import { ConversationNotices } from './conversation-notices.js';
import { ConversationRepository } from './conversation.repository.js';
import type { EndRequest } from './conversation.repository.js';

export interface AnnounceOptions {
  /** False when the leaver learns it from an answer. */
  tellLeaver?: boolean;
}

/** Conversations that one sweep ends in one transaction. */
const SWEEP_BATCH = 200;

/** The one way in which conversations end: one transaction, then the notices. */
@Injectable()
export class ConversationEnding {
  constructor(
    private readonly database: Database,
    private readonly repository: ConversationRepository,
    private readonly notices: ConversationNotices,
    private readonly audit: Audit,
    private readonly durations: ConversationConfig,
  ) {}

  /** @returns those that this call ended; the others had ended before */
  async end(requests: EndRequest[], cause: EndCause, options?: AnnounceOptions): Promise<EndedConversation[]> {
    const ended = await this.database.transaction((tx) => this.endIn(tx, requests, cause));
    this.announce(ended, options);
    return ended;
  }

  /** In the caller's transaction. After the commit: `announce`. */
  async endIn(transaction: Transaction, requests: EndRequest[], cause: EndCause): Promise<EndedConversation[]> {
    if (requests.length === 0) return [];
    const ended = await this.repository.end(transaction, requests, cause, this.durations);
    for (const { conversationId, bySlot, members } of ended) {
      const actor = bySlot === null ? null : members[bySlot].userId;
      const entry = { event: 'conversation.end', target: conversationId, reason: cause };
      await this.audit.append(transaction, actor ? { ...entry, actor } : entry);
    }
    return ended;
  }

  announce(ended: EndedConversation[], { tellLeaver = true }: AnnounceOptions = {}): void {
    for (const conversation of ended) this.notices.ended(conversation, tellLeaver);
  }

  /** Ends conversations whose lost member stayed away beyond the grace. */
  endAbandoned(): Promise<number> {
    const { reconnectGraceMs } = this.durations;
    return this.sweep('abandoned', (tx) => this.repository.lockAbandoned(tx, reconnectGraceMs, SWEEP_BATCH));
  }

  /** Ends conversations in which nothing happened for too long. */
  endIdle(): Promise<number> {
    return this.sweep('timeout', (tx) => this.repository.lockIdle(tx, this.durations.idleMs, SWEEP_BATCH));
  }

  /** Batch after batch, until one is not full. @returns how many ended */
  private async sweep(cause: EndCause, lockDue: (transaction: Transaction) => Promise<EndRequest[]>): Promise<number> {
    for (let count = 0; ;) {
      const due = await this.database.transaction(async (tx) => {
        const requests = await lockDue(tx);
        return { full: requests.length === SWEEP_BATCH, ended: await this.endIn(tx, requests, cause) };
      });
      this.announce(due.ended);
      count += due.ended.length;
      if (!due.full) return count;
    }
  }
}

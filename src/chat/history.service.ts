import { Injectable } from '@nestjs/common';
import type { HistoryQuery } from '../contracts/http.dto.js';
import type { SyncConversation } from '../contracts/socket-requests.dto.js';
import { MAX_SYNC_LIMIT } from '../contracts/socket-requests.dto.js';
import type { MessagePage } from '../contracts/state.dto.js';
import { Cohorts } from '../platform/concurrency/cohorts.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ClientKnowledge } from './client-knowledge.service.js';
import { viewPage } from './conversation-view.js';
import { MemberLookup } from './member-lookup.js';
import { PageReader } from './page-reader.js';

/** Syncs of a herd, which come after it has its state, are read together twice a second: from 80 a second on. */
const HERD = { windowMs: 50, herdFrom: 4, firstMs: 250, everyMs: 500, size: 1_000, maxWaiting: 5_000 };

/** What was said before, also in an ended conversation while it is retained. */
@Injectable()
export class HistoryService {
  private readonly herd = new Cohorts(HERD);

  constructor(
    private readonly members: MemberLookup,
    private readonly pages: PageReader,
    private readonly knowledge: ClientKnowledge,
    metrics: Metrics,
  ) {
    metrics.gauge('stoa_chat_syncs_waiting', 'Syncs of a herd that wait for their turn', () => this.herd.waitingCount);
  }

  /** The messages after a position, for the live client. @throws NotFound, Busy */
  async sync(caller: Identity, { conversationId: handle, after, limit }: SyncConversation): Promise<MessagePage> {
    await this.herd.enter();
    const page = await this.read(caller, handle, { after, limit: limit ?? MAX_SYNC_LIMIT });
    this.knowledge.notePage(caller, handle, after, page.messages);
    return page;
  }

  /** The same over HTTP. @throws NotFound */
  list(caller: Identity, handle: string, { after, limit }: HistoryQuery): Promise<MessagePage> {
    return this.read(caller, handle, { after: Number(after ?? 0), limit: Number(limit ?? MAX_SYNC_LIMIT) });
  }

  private async read(
    { userId }: Identity,
    handle: string,
    { after, limit }: { after: number; limit: number },
  ): Promise<MessagePage> {
    const member = await this.members.find(userId, handle);
    const page = await this.pages.read({ conversationId: member.conversationId, after, limit });
    if (page) return viewPage(page, after, member);
    this.members.forget(handle);
    throw new NotFound();
  }
}

import { Injectable } from '@nestjs/common';
import type { HistoryQuery } from '../contracts/http.dto.js';
import type { SyncConversation } from '../contracts/socket-requests.dto.js';
import { MAX_SYNC_LIMIT } from '../contracts/socket-requests.dto.js';
import type { MessagePage } from '../contracts/state.dto.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { ClientKnowledge } from './client-knowledge.service.js';
import { viewPage } from './conversation-view.js';
import { MemberLookup } from './member-lookup.js';
import { PageReader } from './page-reader.js';

/** What was said before, also in an ended conversation while it is retained. */
@Injectable()
export class HistoryService {
  constructor(
    private readonly members: MemberLookup,
    private readonly pages: PageReader,
    private readonly knowledge: ClientKnowledge,
  ) {}

  /** The messages after a position, for the live client. @throws NotFound */
  async sync(caller: Identity, { conversationId: handle, after, limit }: SyncConversation): Promise<MessagePage> {
    const page = await this.read(caller, handle, { after, limit: limit ?? MAX_SYNC_LIMIT });
    this.knowledge.notePage(caller.userId, handle, after, page.messages);
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

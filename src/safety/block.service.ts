import { Injectable } from '@nestjs/common';
import { ConversationService } from '../chat/conversation.service.js';
import type { BlockList } from '../contracts/safety.dto.js';
import { Audit } from '../platform/audit/audit.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Database } from '../platform/postgres/database.js';
import { BlockRepository } from './block.repository.js';
import { UserBlocked, UserUnblocked } from './safety.events.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** "Never again with this one": at once, in both directions, until it is undone. */
@Injectable()
export class BlockService {
  constructor(
    private readonly database: Database,
    private readonly blocks: BlockRepository,
    private readonly conversations: ConversationService,
    private readonly events: DomainEvents,
    private readonly audit: Audit,
  ) {}

  /**
   * Blocks the partner of one's own conversation, during or after it. If the two talk, that ends; to the partner it looks like leaving.
   * @throws NotFound
   */
  async block({ userId }: Identity, handle: string): Promise<void> {
    const membership = await this.conversations.membershipOf(userId, handle);
    const { partnerUserId } = membership;
    // An erased partner cannot be met again.
    if (partnerUserId === null) return;
    const ended = await this.database.transaction(async (transaction) => {
      await this.blocks.lockPair(transaction, userId, partnerUserId);
      await this.blocks.add(transaction, membership);
      await this.audit.append(transaction, { event: 'block.create', target: handle });
      const open = await this.blocks.openBetween(transaction, userId, partnerUserId);
      return this.conversations.endIn(transaction, open ? [{ conversationId: open, by: userId }] : [], 'left');
    });
    this.conversations.announceEnd(ended);
    this.events.publish(new UserBlocked(userId, partnerUserId));
  }

  async list({ userId }: Identity): Promise<BlockList> {
    const blocks = await this.blocks.of(userId);
    return { blocks: blocks.map((block) => ({ ...block, createdAt: block.createdAt.toISOString() })) };
  }

  /** @throws NotFound for somebody else's block as for none */
  async undo({ userId }: Identity, id: string): Promise<void> {
    if (!UUID.test(id)) throw new NotFound();
    const blockedId = await this.database.transaction(async (transaction) => {
      const blocked = await this.blocks.remove(transaction, userId, id);
      if (blocked === undefined) throw new NotFound();
      await this.audit.append(transaction, { event: 'block.delete', target: id });
      return blocked;
    });
    this.events.publish(new UserUnblocked(userId, blockedId));
  }
}

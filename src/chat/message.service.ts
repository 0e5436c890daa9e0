import { Injectable } from '@nestjs/common';
import type { HistoryQuery } from '../contracts/http.dto.js';
import type { MarkSeen, SendMessage, SetTyping, SyncConversation } from '../contracts/socket-requests.dto.js';
import { MAX_SYNC_LIMIT } from '../contracts/socket-requests.dto.js';
import type { MessagePage, SentMessage } from '../contracts/state.dto.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { PresenceService } from '../presence/presence.service.js';
import { AppendLanes } from './append-lanes.js';
import { ConversationIsOver, MessageIdReused } from './chat.errors.js';
import { partnerSlot } from './chat.types.js';
import type { Membership } from './chat.types.js';
import { ConversationPulse } from './conversation-pulse.js';
import { toSecond, viewMessage, viewPage } from './conversation-view.js';
import { MemberLookup } from './member-lookup.js';
import { MessagePolicies } from './message-policy.port.js';
import type { Appended } from './message.repository.js';
import { normaliseText } from './message-text.js';
import { PageReader } from './page-reader.js';

/** What two people say to each other. */
@Injectable()
export class MessageService {
  constructor(
    private readonly members: MemberLookup,
    private readonly policies: MessagePolicies,
    private readonly lanes: AppendLanes,
    private readonly pages: PageReader,
    private readonly pulse: ConversationPulse,
    private readonly presence: PresenceService,
  ) {}

  /**
   * Stores a message and hands it to the partner; answers after the commit. The same `clientId` with the same text again
   * answers the same seq.
   * @throws NotFound, ConversationIsOver, MessageIdReused, MessageRefused, Unavailable (then the outcome is unknown)
   */
  async send({ userId }: Identity, { conversationId: handle, clientId, text: raw }: SendMessage): Promise<SentMessage> {
    const normalised = normaliseText(raw);
    const sender = await this.members.find(userId, handle);
    const text = await this.policies.apply(normalised, sender);
    const { conversationId } = sender;
    const { seq, sentAt, duplicate } = this.placeOf(
      await this.lanes.append({ conversationId, userId, clientId, text }),
      handle,
    );
    const { slot, partnerUserId, partnerHandle } = sender;
    if (!duplicate && partnerUserId) {
      const partner = { slot: partnerSlot(slot), handle: partnerHandle };
      this.presence.emit(partnerUserId, 'message:new', viewMessage({ seq, slot, clientId, text, sentAt }, partner));
    }
    return { seq, sentAt: toSecond(sentAt), duplicate };
  }

  /** Notes that everything up to `seq` was shown; the partner is told when that is news. */
  async see({ userId }: Identity, { conversationId: handle, seq }: MarkSeen): Promise<Record<string, never>> {
    const member = await this.members.find(userId, handle);
    const news = await this.pulse.see(member, seq);
    if (news !== undefined && member.partnerUserId)
      this.presence.emit(member.partnerUserId, 'message:seen', { conversationId: member.partnerHandle, seq: news });
    return {};
  }

  /** Tells the partner whether this member is typing. */
  async setTyping({ userId }: Identity, { conversationId: handle, typing }: SetTyping): Promise<Record<string, never>> {
    const member = await this.members.find(userId, handle);
    await this.pulse.feel(member);
    if (member.partnerUserId)
      this.presence.emit(member.partnerUserId, 'typing:changed', { conversationId: member.partnerHandle, typing });
    return {};
  }

  /** The messages after a position, also of an ended conversation while it is retained. @throws NotFound */
  async sync({ userId }: Identity, { conversationId: handle, after, limit }: SyncConversation): Promise<MessagePage> {
    const member = await this.members.find(userId, handle);
    const page = await this.pages.read({
      conversationId: member.conversationId,
      after,
      limit: limit ?? MAX_SYNC_LIMIT,
    });
    if (!page) return this.deleted(member);
    return viewPage(page, after, member);
  }

  /** The same for HTTP. */
  history(caller: Identity, handle: string, { after, limit }: HistoryQuery): Promise<MessagePage> {
    return this.sync(caller, {
      conversationId: handle,
      after: Number(after ?? 0),
      limit: Number(limit ?? MAX_SYNC_LIMIT),
    });
  }

  private placeOf(
    { outcome, seq, sentAt }: Appended,
    handle: string,
  ): { seq: number; sentAt: Date; duplicate: boolean } {
    if (outcome === 'ended') throw new ConversationIsOver();
    if (outcome === 'reused') throw new MessageIdReused();
    if (outcome === 'unknown' || seq === null || sentAt === null) {
      this.members.forget(handle);
      throw new NotFound();
    }
    return { seq, sentAt, duplicate: outcome === 'duplicate' };
  }

  private deleted({ handle }: Membership): never {
    this.members.forget(handle);
    throw new NotFound();
  }
}

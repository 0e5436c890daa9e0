import { Injectable } from '@nestjs/common';
import type { MarkSeen, SendMessage, SetTyping } from '../contracts/socket-requests.dto.js';
import type { SentMessage } from '../contracts/state.dto.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { PresenceService } from '../presence/presence.service.js';
import { AppendLanes } from './append-lanes.js';
import { ConversationIsOver, MessageIdReused } from './chat.errors.js';
import { ConversationPulse } from './conversation-pulse.js';
import { toSecond } from './conversation-view.js';
import { MemberLookup } from './member-lookup.js';
import { MessageDelivery } from './message-delivery.js';
import { MessagePolicies } from './message-policy.port.js';
import type { Appended } from './message.repository.js';
import { normaliseText } from './message-text.js';

/** What two people say to each other. */
@Injectable()
export class MessageService {
  constructor(
    private readonly members: MemberLookup,
    private readonly policies: MessagePolicies,
    private readonly lanes: AppendLanes,
    private readonly pulse: ConversationPulse,
    private readonly presence: PresenceService,
    private readonly delivery: MessageDelivery,
  ) {}

  /**
   * Stores a message and hands it to the partner; answers after the commit. The same `clientId` with the same text again
   * answers the same seq.
   * @throws NotFound, ConversationIsOver, MessageIdReused, MessageRefused, Unavailable (then the outcome is unknown)
   */
  async send(caller: Identity, { conversationId: handle, clientId, text: raw }: SendMessage): Promise<SentMessage> {
    const { userId } = caller;
    const normalised = normaliseText(raw);
    // Mostly neither has to be waited for, and each wait is a turn of the promise queue on the way of every message.
    const found = this.members.find(userId, handle);
    const sender = found instanceof Promise ? await found : found;
    const applied = this.policies.apply(normalised, sender);
    const text = typeof applied === 'string' ? applied : await applied;
    const { conversationId } = sender;
    const { seq, sentAt, duplicate } = this.placeOf(
      await this.lanes.append({ conversationId, userId, clientId, text }),
      handle,
    );
    const message = { seq, slot: sender.slot, clientId, text, sentAt };
    if (duplicate) this.delivery.deliverAgain(caller, sender, message);
    else {
      this.pulse.typing.drop(sender.partnerHandle);
      this.delivery.deliver(caller, sender, message);
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

  /** Tells the partner whether this member is typing, a little later, and not each time. */
  async setTyping({ userId }: Identity, { conversationId: handle, typing }: SetTyping): Promise<Record<string, never>> {
    const member = await this.members.find(userId, handle);
    await this.pulse.feel(member);
    this.pulse.typing.pass(member.partnerHandle, typing, (news) => this.delivery.tellTyping(member, news));
    return {};
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
}

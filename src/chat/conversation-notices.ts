import { Injectable } from '@nestjs/common';
import { ConversationConfig } from '../config/config.types.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { PresenceService } from '../presence/presence.service.js';
import { ConversationEnded, ConversationOpened } from './chat.events.js';
import type { EndedConversation, OpenedConversation, Slot } from './chat.types.js';
import { viewEnd, viewOpened } from './conversation-view.js';

const SLOTS: readonly Slot[] = [0, 1];

/** Says that a conversation began or ended: to its users, to the other features, to the operators. Best effort, after the commit. */
@Injectable()
export class ConversationNotices {
  private readonly openedCount;
  private readonly endedCount;

  constructor(
    private readonly presence: PresenceService,
    private readonly events: DomainEvents,
    private readonly log: Log,
    private readonly durations: ConversationConfig,
    metrics: Metrics,
  ) {
    this.openedCount = metrics.counter('stoa_chat_opened_total', 'Conversations that began');
    this.endedCount = metrics.counter('stoa_chat_ended_total', 'Conversations that ended', { labels: ['cause'] });
  }

  opened(conversation: OpenedConversation): void {
    const { conversationId, members, startedAt } = conversation;
    this.openedCount.inc();
    this.log.info({ event: 'conversation.opened', conversationId });
    for (const slot of SLOTS)
      this.presence.emit(members[slot].userId, 'conversation:started', viewOpened(conversation, slot, this.durations));
    this.events.publish(new ConversationOpened(conversationId, [members[0].userId, members[1].userId], startedAt));
  }

  /** `tellLeaver`: false when the leaver has it as an answer already. */
  ended(conversation: EndedConversation, tellLeaver: boolean): void {
    const { conversationId, cause, bySlot, members, lastSeq } = conversation;
    this.endedCount.inc({ cause });
    this.log.info({ event: 'conversation.ended', conversationId, reason: cause, messages: lastSeq });
    for (const slot of SLOTS) {
      const { userId, handle } = members[slot];
      if (!userId || (slot === bySlot && !tellLeaver)) continue;
      const reason = viewEnd(cause, bySlot, slot);
      this.presence.emit(userId, 'conversation:ended', { conversationId: handle, reason });
    }
    this.events.publish(new ConversationEnded(conversation));
  }
}

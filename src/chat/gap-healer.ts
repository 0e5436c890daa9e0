import { Injectable } from '@nestjs/common';
import { ConversationConfig } from '../config/config.types.js';
import { PresenceService } from '../presence/presence.service.js';
import { Attendance } from './attendance.service.js';
import type { OpenConversation } from './chat.types.js';
import { ClientKnowledge } from './client-knowledge.service.js';
import { ConversationRepository } from './conversation.repository.js';
import { viewConversation, viewEnd, viewMessage, viewPresence } from './conversation-view.js';
import type { UserGaps } from './gap-finder.js';
import type { Gaps } from './find-gaps.js';
import { PageReader } from './page-reader.js';

/** Messages pushed to one client in one look; the next look goes on. */
const MAX_MESSAGES = 100;

type OpenFacts = Omit<OpenConversation, 'messages'>;

/** Gives clients what they lack. */
@Injectable()
export class GapHealer {
  constructor(
    private readonly rows: ConversationRepository,
    private readonly pages: PageReader,
    private readonly knowledge: ClientKnowledge,
    private readonly presence: PresenceService,
    private readonly attendance: Attendance,
    private readonly durations: ConversationConfig,
  ) {}

  /** @throws what failed first, after everybody else was given theirs */
  async heal(found: UserGaps[]): Promise<void> {
    if (found.length === 0) return;
    await this.tellEnds(found);
    const open = await this.rows.openOf(found.map(({ userId }) => userId));
    // All at once: what they read is joined into few queries.
    const healed = await Promise.allSettled(
      found.map(async ({ userId, gaps, handle }) => {
        const facts = open.get(userId);
        // What changed since the look is the next look's.
        if (facts && facts.membership.handle === handle) await this.healOne(userId, gaps, facts);
      }),
    );
    const failed = healed.find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  private async healOne(userId: string, gap: Gaps, facts: OpenFacts): Promise<void> {
    const { handle } = facts.membership;
    const generation = this.presence.generationOf(userId);
    // The hint of whoever opened it may have come while this was read.
    if (gap.started && this.knowledge.conversationOf(userId)?.handle !== handle) {
      this.note('started');
      this.presence.emit(userId, 'conversation:started', viewConversation({ ...facts, messages: [] }, this.durations));
    }
    if (gap.presence) {
      this.note('presence');
      const presence = viewPresence(facts.partnerAwaySince, this.durations);
      this.presence.emit(userId, 'partner:presence', { conversationId: handle, ...presence });
    }
    if (gap.messagesAfter !== undefined) await this.pushMessages(userId, gap.messagesAfter, facts);
    if (gap.selfAway && generation !== undefined) {
      this.note('away');
      await this.attendance.markHere({ userId, generation });
    }
  }

  private async pushMessages(userId: string, after: number, { membership }: OpenFacts): Promise<void> {
    const { conversationId, slot, handle } = membership;
    const page = await this.pages.read({ conversationId, after, limit: MAX_MESSAGES });
    for (const message of page?.messages ?? []) {
      const known = this.knowledge.conversationOf(userId);
      if (known?.handle !== handle || known.seqs.has(message.seq)) continue;
      // The client's own message: its outbox asks for the acknowledgement.
      if (message.slot === slot) known.seqs.add(message.seq);
      else {
        this.note('message');
        this.presence.emit(userId, 'message:new', viewMessage(message, membership));
      }
    }
  }

  private async tellEnds(found: UserGaps[]): Promise<void> {
    const missed = found.flatMap(({ userId, gaps: { ended } }) => (ended ? [{ userId, handle: ended }] : []));
    if (missed.length === 0) return;
    const ends = await this.rows.endsOf(missed.map(({ handle }) => handle));
    for (const { userId, handle } of missed) {
      const end = ends.get(handle);
      // It began after the look had read: the client was told of it by whoever opened it. Or it has heard of the end meanwhile.
      if (end === 'open' || this.knowledge.conversationOf(userId)?.handle !== handle) continue;
      const reason = end ? viewEnd(end.cause, end.bySlot, end.slot) : 'ended';
      this.note('ended');
      this.presence.emit(userId, 'conversation:ended', { conversationId: handle, reason });
    }
  }

  private note(what: string): void {
    this.knowledge.countHealed('beacon', what);
  }
}

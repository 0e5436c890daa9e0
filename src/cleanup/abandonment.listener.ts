import { Injectable } from '@nestjs/common';
import { MemberWentAway } from '../chat/chat.events.js';
import { ConversationConfig } from '../config/config.types.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { Clock } from '../platform/time/clock.js';
import { cleanupJobs } from './cleanup.jobs.js';

/** ms by which a grace may last longer: those that end within one step are looked at by one job, however many went at once. */
const STEP = 250;

/** Ends graces to the moment. If the job is lost, the sweep ends them a little later. */
@Injectable()
export class AbandonmentListener {
  /** The step (ms since the epoch) for which this process has asked for a job last. */
  private asked = 0;

  constructor(
    events: DomainEvents,
    private readonly jobs: JobProducer,
    private readonly durations: ConversationConfig,
    private readonly clock: Clock,
  ) {
    events.on(MemberWentAway, ({ conversationId }) => this.look(conversationId));
  }

  private async look(conversationId: string): Promise<void> {
    const now = this.clock.now().getTime();
    const dueAt = Math.ceil((now + this.durations.reconnectGraceMs) / STEP) * STEP;
    if (dueAt === this.asked) return;
    this.asked = dueAt;
    const delayMs = dueAt - now;
    const deduplication = { id: `conversation.abandon-${dueAt}`, ttl: delayMs + STEP };
    await this.jobs.add(cleanupJobs, 'conversation.abandon', { conversationId }, { delayMs, deduplication });
  }
}

import { Injectable } from '@nestjs/common';
import { MemberWentAway } from '../chat/chat.events.js';
import { ConversationConfig } from '../config/config.types.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { cleanupJobs } from './cleanup.jobs.js';

/** Ends graces to the moment. If the job is lost, the sweep ends them a little later. */
@Injectable()
export class AbandonmentListener {
  constructor(events: DomainEvents, jobs: JobProducer, { reconnectGraceMs }: ConversationConfig) {
    events.on(MemberWentAway, ({ conversationId }) =>
      jobs.add(cleanupJobs, 'conversation.abandon', { conversationId }, { delayMs: reconnectGraceMs }),
    );
  }
}

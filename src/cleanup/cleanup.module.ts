import { Module } from '@nestjs/common';
import { ChatModule } from '../chat/chat.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { AbandonmentListener } from './abandonment.listener.js';
import { ConversationSweep } from './conversation-sweep.service.js';
import { Retention } from './retention.service.js';
import { RetentionRepository } from './retention.repository.js';

/** What is forgotten, and when: abandonment, expiry, retention. */
@Module({
  imports: [ChatModule, PresenceModule],
  providers: [AbandonmentListener, ConversationSweep, Retention, RetentionRepository],
  exports: [ConversationSweep, Retention],
})
export class CleanupModule {}

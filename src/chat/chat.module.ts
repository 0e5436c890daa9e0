import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { RealtimeModule } from '../platform/realtime/realtime.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { AppendLanes } from './append-lanes.js';
import { Attendance } from './attendance.service.js';
import { AttendanceRepository } from './attendance.repository.js';
import { BeaconMetrics } from './beacon.metrics.js';
import { Beacon } from './beacon.js';
import { BeaconRepository } from './beacon.repository.js';
import { ClientKnowledge } from './client-knowledge.service.js';
import { GapFinder } from './gap-finder.js';
import { GapHealer } from './gap-healer.js';
import { ConversationEnding } from './conversation-ending.js';
import { ConversationNotices } from './conversation-notices.js';
import { ConversationPulse } from './conversation-pulse.js';
import { ConversationRepository } from './conversation.repository.js';
import { ConversationService } from './conversation.service.js';
import { HistoryService } from './history.service.js';
import { MemberLookup } from './member-lookup.js';
import { MessageDelivery } from './message-delivery.js';
import { MessagePolicies } from './message-policy.port.js';
import { MessageRepository } from './message.repository.js';
import { MessageService } from './message.service.js';
import { PageReader } from './page-reader.js';
import { PulseRepository } from './pulse.repository.js';

/** What people say: conversations, participation, messages, delivery. */
@Module({
  imports: [AuthModule, PresenceModule, RealtimeModule],
  providers: [
    AppendLanes,
    Attendance,
    AttendanceRepository,
    Beacon,
    BeaconMetrics,
    BeaconRepository,
    ClientKnowledge,
    ConversationEnding,
    ConversationNotices,
    ConversationPulse,
    ConversationRepository,
    ConversationService,
    GapFinder,
    GapHealer,
    HistoryService,
    MemberLookup,
    MessageDelivery,
    MessagePolicies,
    MessageRepository,
    MessageService,
    PageReader,
    PulseRepository,
  ],
  exports: [
    Attendance,
    ClientKnowledge,
    ConversationService,
    HistoryService,
    MemberLookup,
    MessagePolicies,
    MessageService,
  ],
})
export class ChatModule {}

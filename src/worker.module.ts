import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { AuthModule } from './auth/auth.module.js';
import { AuthProcessor } from './auth/auth.processor.js';
import type { Boot } from './boot.js';
import { CleanupModule } from './cleanup/cleanup.module.js';
import { CleanupProcessor } from './cleanup/cleanup.processor.js';
import { GivenUp } from './cleanup/given-up.service.js';
import { RetentionLag } from './cleanup/retention-lag.service.js';
import { ConfigModule } from './config/config.module.js';
import { MatchingModule } from './matching/matching.module.js';
import { MatchingProcessor } from './matching/matching.processor.js';
import { QueueDashboard } from './ops/queue-dashboard.service.js';
import { StaffAccess } from './ops/staff-access.service.js';
import { MailInFiles } from './platform/mail/mail-in-files.js';
import { PlatformModule } from './platform/platform.module.js';
import { PostgresModule } from './platform/postgres/postgres.module.js';
import { JobRunnerModule } from './platform/queue/queue.module.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { PrivacyProcessor } from './privacy/privacy.processor.js';
import { PresenceModule } from './presence/presence.module.js';

/** The worker process, whole: every door it has is listed here. */
@Module({
  imports: [PlatformModule, AuthModule, PresenceModule, MatchingModule, PrivacyModule, CleanupModule, JobRunnerModule],
  providers: [
    AuthProcessor,
    PrivacyProcessor,
    MatchingProcessor,
    CleanupProcessor,
    RetentionLag,
    GivenUp,
    MailInFiles,
    QueueDashboard,
    StaffAccess,
  ],
})
export class WorkerModule {
  static for({ config, source }: Boot): DynamicModule {
    return { module: WorkerModule, imports: [ConfigModule.for(config), PostgresModule.for(source)] };
  }
}

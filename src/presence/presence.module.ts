import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { RealtimeModule } from '../platform/realtime/realtime.module.js';
import { ConnectionHolds } from './connection-holds.js';
import { ConnectionRegistry } from './connection-registry.js';
import { PresenceHeartbeat } from './presence-heartbeat.js';
import { PresenceRoutes } from './presence-routes.js';
import { PresenceService } from './presence.service.js';
import { SessionWatch } from './session-watch.js';
import { RevocationListener } from './revocation.listener.js';
import { SupersedeListener } from './supersede.listener.js';
import { UserHints } from './user-hints.js';

/** Where people are: the one live connection, its generation, its lease. */
@Module({
  imports: [AuthModule, RealtimeModule],
  providers: [
    RevocationListener,
    SupersedeListener,
    ConnectionHolds,
    ConnectionRegistry,
    PresenceHeartbeat,
    PresenceRoutes,
    PresenceService,
    SessionWatch,
    UserHints,
  ],
  exports: [PresenceService],
})
export class PresenceModule {}

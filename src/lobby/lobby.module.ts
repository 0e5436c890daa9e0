import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ChatModule } from '../chat/chat.module.js';
import { MatchingModule } from '../matching/matching.module.js';
import { ConnectionLifecycle } from '../platform/realtime/connection-lifecycle.port.js';
import { PresenceModule } from '../presence/presence.module.js';
import { ConnectionDesk } from './connection-desk.js';
import { LobbyService } from './lobby.service.js';
import { Reception } from './reception.js';
import { SearchTicker } from './search-ticker.js';

/** What people are doing: composes `State` and owns every event that answers with it. */
@Module({
  imports: [AuthModule, ChatModule, MatchingModule, PresenceModule],
  providers: [
    ConnectionDesk,
    LobbyService,
    Reception,
    SearchTicker,
    { provide: ConnectionLifecycle, useExisting: ConnectionDesk },
  ],
  exports: [LobbyService, ConnectionLifecycle],
})
export class LobbyModule {}

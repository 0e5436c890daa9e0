import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ACCESS_GUARDS } from './auth/access-guards.js';
import { AuthModule } from './auth/auth.module.js';
import { CsrfController } from './auth/csrf.controller.js';
import { EmailChangesController } from './auth/email-changes.controller.js';
import { GuestsController } from './auth/guests.controller.js';
import { MeController } from './auth/me.controller.js';
import { PasswordResetsController } from './auth/password-resets.controller.js';
import { RegistrationsController } from './auth/registrations.controller.js';
import { SessionsController } from './auth/sessions.controller.js';
import type { Boot } from './boot.js';
import { ChatGateway } from './chat/chat.gateway.js';
import { ChatModule } from './chat/chat.module.js';
import { ConversationsController } from './chat/conversations.controller.js';
import { CleanupModule } from './cleanup/cleanup.module.js';
import { ConfigModule } from './config/config.module.js';
import { LobbyGateway } from './lobby/lobby.gateway.js';
import { LobbyModule } from './lobby/lobby.module.js';
import { MatchingModule } from './matching/matching.module.js';
import { RatingGateway } from './matching/rating.gateway.js';
import { HealthController } from './ops/health.controller.js';
import { PlatformModule } from './platform/platform.module.js';
import { PostgresModule } from './platform/postgres/postgres.module.js';
import { SocketLimiter } from './platform/limiter/socket-limiter.js';
import { EventGate } from './platform/realtime/event-gate.port.js';
import { PrivacyController } from './privacy/privacy.controller.js';
import { PrivacyModule } from './privacy/privacy.module.js';
import { Drain } from './platform/realtime/drain.js';
import { FloodGuard } from './platform/realtime/flood.guard.js';
import { HandshakeGate } from './platform/realtime/handshake-gate.js';
import { SlowConsumerGuard } from './platform/realtime/slow-consumer.guard.js';
import { SocketEdge } from './platform/realtime/socket-edge.js';
import { PresenceModule } from './presence/presence.module.js';
import { SafetyController } from './safety/safety.controller.js';
import { SafetyModule } from './safety/safety.module.js';

/** The api process, whole: every door it has is listed here. */
@Module({
  imports: [
    PlatformModule,
    AuthModule,
    PresenceModule,
    ChatModule,
    SafetyModule,
    MatchingModule,
    LobbyModule,
    PrivacyModule,
    CleanupModule,
  ],
  controllers: [
    CsrfController,
    EmailChangesController,
    GuestsController,
    MeController,
    PasswordResetsController,
    RegistrationsController,
    SessionsController,
    ConversationsController,
    SafetyController,
    PrivacyController,
    HealthController,
  ],
  providers: [
    ...ACCESS_GUARDS,
    SocketEdge,
    HandshakeGate,
    Drain,
    SlowConsumerGuard,
    FloodGuard,
    ChatGateway,
    RatingGateway,
    LobbyGateway,
    { provide: EventGate, useClass: SocketLimiter },
  ],
})
export class ApiModule {
  static for({ config, source }: Boot): DynamicModule {
    return { module: ApiModule, imports: [ConfigModule.for(config), PostgresModule.for(source)] };
  }
}

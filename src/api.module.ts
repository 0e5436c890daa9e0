import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import type { Boot } from './boot.js';
import { ConfigModule } from './config/config.module.js';
import { HealthController } from './ops/health.controller.js';
import { PlatformModule } from './platform/platform.module.js';
import { PostgresModule } from './platform/postgres/postgres.module.js';
import { Drain } from './platform/realtime/drain.js';
import { HandshakeGate } from './platform/realtime/handshake-gate.js';
import { SocketEdge } from './platform/realtime/socket-edge.js';
import { PresenceModule } from './presence/presence.module.js';

/** The api process, whole: every door it has is listed here. */
@Module({
  imports: [PlatformModule, PresenceModule],
  controllers: [HealthController],
  providers: [SocketEdge, HandshakeGate, Drain],
})
export class ApiModule {
  static for({ config, source }: Boot): DynamicModule {
    return { module: ApiModule, imports: [ConfigModule.for(config), PostgresModule.for(source)] };
  }
}

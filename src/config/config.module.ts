import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import {
  ConversationConfig,
  DatabaseConfig,
  HttpConfig,
  MailConfig,
  MatchingConfig,
  RedisConfig,
  RuntimeConfig,
  SessionConfig,
  StaffConfig,
} from './config.types.js';
import type { StoaConfig } from './config.types.js';

/** Offers each slice of the configuration under its own class. */
@Global()
@Module({})
export class ConfigModule {
  static for(config: StoaConfig): DynamicModule {
    const providers = [
      { provide: RuntimeConfig, useValue: config.runtime },
      { provide: HttpConfig, useValue: config.http },
      { provide: StaffConfig, useValue: config.staff },
      { provide: DatabaseConfig, useValue: config.database },
      { provide: RedisConfig, useValue: config.redis },
      { provide: SessionConfig, useValue: config.session },
      { provide: ConversationConfig, useValue: config.conversation },
      { provide: MatchingConfig, useValue: config.matching },
      { provide: MailConfig, useValue: config.mail },
    ];
    return { module: ConfigModule, providers, exports: providers.map((p) => p.provide) };
  }
}

import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Database } from './database.js';
import { OwnerRights } from './owner-rights.js';
import { PoolMetrics } from './pool-metrics.js';
import { PostgresRoom } from './postgres-room.js';

/** Offers `Database` everywhere; the root opens the source before Nest starts (`boot.ts`), so that a fault is one readable line. */
@Global()
@Module({})
export class PostgresModule {
  static for(source: DataSource): DynamicModule {
    return {
      module: PostgresModule,
      providers: [{ provide: DataSource, useValue: source }, Database, PostgresRoom, PoolMetrics, OwnerRights],
      exports: [Database, PostgresRoom],
    };
  }
}

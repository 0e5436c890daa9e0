import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startRedis } from '../../scripts/services/redis.mjs';
import { ConfigModule } from '../../src/config/config.module.js';
import { readConfig } from '../../src/config/read-config.js';
import { MatchingModule } from '../../src/matching/matching.module.js';
import { MatchingProcessor } from '../../src/matching/matching.processor.js';
import { SearchService } from '../../src/matching/search.service.js';
import type { SearchInput } from '../../src/matching/search.types.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { Database } from '../../src/platform/postgres/database.js';
import { PostgresModule } from '../../src/platform/postgres/postgres.module.js';
import { JobRunnerModule } from '../../src/platform/queue/queue.module.js';
import { REDIS } from '../../src/platform/redis/redis.tokens.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { createDatabase } from './database.js';

class Api {}
class Worker {}

/** One process of matching, in this one: its own connections to both stores. */
export interface MatchingProcess {
  readonly app: INestApplicationContext;
  readonly searches: SearchService;
  readonly database: Database;
  readonly redis: RedisClient;
  stop(): Promise<void>;
}

export interface MatchingStage {
  readonly redisUrl: string;
  startProcess(role: 'api' | 'worker'): Promise<MatchingProcess>;
  /** New guests; their ids. */
  aCrowd(database: Database, count: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Two empty stores on which processes of matching can be started. */
export async function startMatchingStage(
  settings: Record<string, string> = {},
  launch: () => Promise<{ url: string; stop: () => Promise<void> }> = () => startRedis({ fresh: true }),
): Promise<MatchingStage> {
  const [databaseUrl, redis] = await Promise.all([createDatabase(), launch()]);
  const config = readConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: process.env['STOA_TEST_LOG'] ?? 'silent',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    SECRET_KEYS: `test:${randomBytes(32).toString('base64url')}`,
    RATE_LIMITS: 'off',
    ...settings,
  });
  const running = new Set<MatchingProcess>();

  const startProcess = async (role: 'api' | 'worker'): Promise<MatchingProcess> => {
    const facts = await inspectDatabase(databaseUrl, true);
    const source = createDataSource({ url: databaseUrl, applicationName: `stoa-${role}`, facts });
    await source.initialize();
    const stores = [ConfigModule.for(config), PostgresModule.for(source), PlatformModule, MatchingModule];
    const root =
      role === 'api'
        ? { module: Api, imports: stores }
        : { module: Worker, imports: [...stores, JobRunnerModule], providers: [MatchingProcessor] };
    const app = await NestFactory.createApplicationContext(root, { logger: false });
    const redisClient = app.get<RedisClient>(REDIS);
    while (redisClient.status !== 'ready') await sleep(5);
    await app.init();
    const process = {
      app,
      searches: app.get(SearchService),
      database: app.get(Database),
      redis: redisClient,
      stop: async () => {
        running.delete(process);
        await app.close();
      },
    };
    running.add(process);
    return process;
  };

  return {
    redisUrl: redis.url,
    startProcess,
    aCrowd: async (database, count) => {
      const ids = Array.from({ length: count }, () => randomUUID());
      await database.query(
        `INSERT INTO users (id, kind, age_band, languages, interests) SELECT id, 'guest', '25-34', '{en}', '{}' FROM unnest($1::uuid[]) AS id`,
        [ids],
      );
      return ids;
    },
    stop: async () => {
      await Promise.all([...running].map((process) => process.stop()));
      await redis.stop();
    },
  };
}

/** One valid search; tests name only what they are about. */
export const aSearch = (about: Partial<SearchInput> = {}): SearchInput => ({
  ageBand: '25-34',
  languages: ['en'],
  interests: [],
  seeks: {},
  ...about,
});

/** Waits until `look` gives something, at most `patienceMs`. */
export async function eventually<T>(look: () => Promise<T | undefined | false>, patienceMs = 10_000): Promise<T> {
  for (const begun = performance.now(); ; await sleep(10)) {
    const seen = await look();
    if (seen) return seen;
    if (performance.now() - begun > patienceMs) throw new Error(`not within ${patienceMs} ms`);
  }
}

/** The partner of each of these users who chats. */
export async function partnersOf(database: Database, userIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await database.query<{ user_id: string; partner: string }>(
    `SELECT me.user_id, other.user_id AS partner FROM participations me
       JOIN participations other ON other.conversation_id = me.conversation_id AND other.slot <> me.slot
      WHERE me.user_id = ANY ($1)`,
    [userIds],
  );
  return new Map(rows.map((row) => [row.user_id, row.partner]));
}

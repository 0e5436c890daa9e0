import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startRedis } from '../../scripts/services/redis.mjs';
import { readConfig } from '../../src/config/read-config.js';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { WorkerModule } from '../../src/worker.module.js';
import { createDatabase } from './database.js';

export interface WorkerApp {
  worker: INestApplicationContext;
  /** As the owner of the server; the worker acts as the application's role. */
  databaseUrl: string;
  stop: () => Promise<void>;
}

/** The worker's root in this process, with all its jobs, on a Postgres and a Redis of its own. */
export async function startWorkerApp(settings: Record<string, string> = {}): Promise<WorkerApp> {
  const [databaseUrl, redis, mailDir] = await Promise.all([
    createDatabase(),
    startRedis({ fresh: true }),
    mkdtemp(join(tmpdir(), 'stoa-mail-')),
  ]);
  const config = readConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    SECRET_KEYS: `test:${randomBytes(32).toString('base64url')}`,
    MAIL_DIR: mailDir,
    ...settings,
  });
  const facts = await inspectDatabase(databaseUrl, true);
  const source = createDataSource({ url: databaseUrl, applicationName: 'stoa-test', facts });
  await source.initialize();
  const worker = await NestFactory.createApplicationContext(WorkerModule.for({ config, source }), { logger: false });
  return {
    worker,
    databaseUrl,
    stop: async () => {
      await worker.close();
      await redis.stop();
      await rm(mailDir, { recursive: true, force: true });
    },
  };
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { startRedis } from '../../scripts/services/redis.mjs';
import { ACCESS_GUARDS } from '../../src/auth/access-guards.js';
import { AuthModule } from '../../src/auth/auth.module.js';
import { CsrfController } from '../../src/auth/csrf.controller.js';
import { GuestsController } from '../../src/auth/guests.controller.js';
import { MeController } from '../../src/auth/me.controller.js';
import { SessionsController } from '../../src/auth/sessions.controller.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readConfig } from '../../src/config/read-config.js';
import { configureHttp } from '../../src/platform/http/configure-http.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { PostgresModule } from '../../src/platform/postgres/postgres.module.js';
import { createDatabase } from './database.js';

/** What the tests of auth see of the outside: they are a browser at this origin. */
export const ORIGIN = 'http://stoa.test';

@Module({
  imports: [PlatformModule, AuthModule],
  controllers: [CsrfController, GuestsController, MeController, SessionsController],
  providers: [...ACCESS_GUARDS],
})
class AuthDoors {}

export interface AuthApp {
  app: NestExpressApplication;
  url: string;
  /** Its own, to be stopped by a test that wants it away. */
  redis: { url: string; stop: () => Promise<void> };
  stop: () => Promise<void>;
}

/** Auth's doors behind the real HTTP stack, on a Postgres and a Redis of their own. */
export async function startAuthApp(settings: Record<string, string> = {}): Promise<AuthApp> {
  const [url, redis] = await Promise.all([createDatabase(), startRedis({ fresh: true })]);
  const config = readConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PUBLIC_ORIGIN: ORIGIN,
    DATABASE_URL: url,
    REDIS_URL: redis.url,
    SECRET_KEYS: `test:${randomBytes(32).toString('base64url')}`,
    MAIL_DIR: mkdtempSync(join(tmpdir(), 'stoa-mail-')),
    RATE_LIMITS: 'off',
    ...settings,
  });
  const facts = await inspectDatabase(url, true);
  const source = createDataSource({ url, applicationName: 'stoa-test', facts, entities: [] });
  await source.initialize();
  const root = { module: AuthDoors, imports: [ConfigModule.for(config), PostgresModule.for(source)] };
  const app = await NestFactory.create<NestExpressApplication>(root, { bodyParser: false, logger: false });
  configureHttp(app, config.http);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return {
    app,
    url: `http://127.0.0.1:${port}`,
    redis,
    stop: async () => {
      await app.close();
      await redis.stop();
    },
  };
}

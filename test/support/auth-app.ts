import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { startRedis } from '../../scripts/services/redis.mjs';
import { ACCESS_GUARDS } from '../../src/auth/access-guards.js';
import { AuthModule } from '../../src/auth/auth.module.js';
import { AuthProcessor } from '../../src/auth/auth.processor.js';
import { CsrfController } from '../../src/auth/csrf.controller.js';
import { EmailChangesController } from '../../src/auth/email-changes.controller.js';
import { GuestsController } from '../../src/auth/guests.controller.js';
import { MeController } from '../../src/auth/me.controller.js';
import { PasswordResetsController } from '../../src/auth/password-resets.controller.js';
import { RegistrationsController } from '../../src/auth/registrations.controller.js';
import { SessionsController } from '../../src/auth/sessions.controller.js';
import { ConfigModule } from '../../src/config/config.module.js';
import { readConfig } from '../../src/config/read-config.js';
import { configureHttp } from '../../src/platform/http/configure-http.js';
import { PlatformModule } from '../../src/platform/platform.module.js';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { PostgresModule } from '../../src/platform/postgres/postgres.module.js';
import { JobRunnerModule } from '../../src/platform/queue/queue.module.js';
import { createDatabase } from './database.js';

/** What the tests of auth see of the outside: they are a browser at this origin. */
export const ORIGIN = 'http://stoa.test';

@Module({
  imports: [PlatformModule, AuthModule],
  controllers: [
    CsrfController,
    EmailChangesController,
    GuestsController,
    MeController,
    PasswordResetsController,
    RegistrationsController,
    SessionsController,
  ],
  providers: [...ACCESS_GUARDS],
})
class AuthDoors {}

@Module({ imports: [AuthDoors, JobRunnerModule, AuthModule], providers: [AuthProcessor] })
class AuthDoorsAndWorker {}

export interface MailFile {
  kind: string;
  to: string;
  text: string;
  token: string;
}

export interface AuthApp {
  app: NestExpressApplication;
  url: string;
  /** Mails that were sent, in order of their names. */
  mails: () => MailFile[];
  /** Its own, to be stopped by a test that wants it away. */
  redis: { url: string; stop: () => Promise<void> };
  stop: () => Promise<void>;
}

/** Auth's doors behind the real HTTP stack, on a Postgres and a Redis of their own. */
export async function startAuthApp(
  settings: Record<string, string> = {},
  { worker = false, providers = [] as Provider[] } = {},
): Promise<AuthApp> {
  const [url, redis] = await Promise.all([createDatabase(), startRedis({ fresh: true })]);
  const mailDir = mkdtempSync(join(tmpdir(), 'stoa-mail-'));
  const config = readConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PUBLIC_ORIGIN: ORIGIN,
    DATABASE_URL: url,
    REDIS_URL: redis.url,
    SECRET_KEYS: `test:${randomBytes(32).toString('base64url')}`,
    MAIL_DIR: mailDir,
    RATE_LIMITS: 'off',
    ...settings,
  });
  const facts = await inspectDatabase(url, true);
  const source = createDataSource({ url, applicationName: 'stoa-test', facts });
  await source.initialize();
  const imports = [ConfigModule.for(config), PostgresModule.for(source)];
  const root = { module: worker ? AuthDoorsAndWorker : AuthDoors, imports, providers };
  const app = await NestFactory.create<NestExpressApplication>(root, { bodyParser: false, logger: false });
  configureHttp(app, config.http);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    app,
    url: `http://127.0.0.1:${port}`,
    redis,
    mails: () => readMails(mailDir),
    stop: async () => {
      await app.close();
      await redis.stop();
      rmSync(mailDir, { recursive: true, force: true });
    },
  };
}

function readMails(folder: string): MailFile[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.eml'));
  return files.sort().map((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const [, kind = '', to = ''] = file.split(' ');
    return { kind, to, text, token: /#token=([\w-]+)/.exec(text)?.[1] ?? '' };
  });
}

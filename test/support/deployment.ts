import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ALLOCATOR } from '../../scripts/allocator.mjs';
import { startRedis } from '../../scripts/services/redis.mjs';
import { freePort } from '../../scripts/services/server.mjs';
import { createDatabase } from './database.js';

export const LOGS = '.artifacts/logs';

export const COMPILE_CACHE = '.artifacts/compile-cache';

/** ms; only a machine that others use as well takes more than a few seconds. */
const START_DEADLINE = 90_000;

/** One process of a deployment, started as an operator would. */
export class Member {
  private child?: ChildProcess;

  constructor(
    readonly name: string,
    /** What follows `node`. */
    readonly entry: string,
    readonly env: Record<string, string>,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.env['PORT']}`;
  }

  /** Where `/metrics` and the health are told, for operators alone. */
  get operatorUrl(): string {
    return `http://127.0.0.1:${this.env['METRICS_PORT']}`;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.operatorUrl}/metrics`)).text();
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async start(): Promise<void> {
    mkdirSync(LOGS, { recursive: true });
    const log = createWriteStream(`${LOGS}/${this.name}.log`, { flags: 'a' });
    await once(log, 'open');
    const child = spawn(process.execPath, ['--enable-source-maps', ...this.entry.split(' ')], {
      // Hundreds of starts compile the same modules.
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...ALLOCATOR, ...this.env },
      stdio: ['ignore', log, log],
    });
    this.child = child;
    const deadline = performance.now() + START_DEADLINE;
    while (!(await isReady(this.env['PORT'] ? this.url : this.operatorUrl))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`${this.name} did not start: see ${LOGS}`);
      await sleep(50);
    }
  }

  /** @returns the exit code, null when the signal ended it */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }
}

/** Real processes on stores of their own: what a test of the contract runs against. */
export interface Deployment {
  apis: Member[];
  workers: Member[];
  databaseUrl: string;
  redisUrl: string;
  /** Where its mails lie; goes with the deployment. */
  mailDir: string;
  stop: () => Promise<void>;
}

interface DeploymentOptions {
  apis?: number;
  workers?: number;
  env?: Record<string, string>;
  /** Stands for a Redis that the test started itself. */
  redisUrl?: string;
  /** A migrated database on a Postgres that the test started itself. */
  databaseUrl?: string;
  /** The same as the owner: then the migration, which makes the user of `databaseUrl`, runs first. */
  migrationUrl?: string;
}

/** Of every deployment here. */
export const SECRET_KEYS = 'test:0123456789abcdef0123456789abcdef';

/** The origin that browsers of the test see, whichever process answers. */
export const ORIGIN = 'http://stoa.test';

export async function deploy({
  apis = 2,
  workers = 1,
  env = {},
  redisUrl,
  databaseUrl: ownDatabaseUrl,
  migrationUrl,
}: DeploymentOptions = {}): Promise<Deployment> {
  const databaseUrl = ownDatabaseUrl ?? (await createDatabase());
  const redis = redisUrl ? undefined : await startRedis({ fresh: true });
  const mailDir = await mkdtemp(join(tmpdir(), 'stoa-mail-'));
  const common = {
    NODE_ENV: 'test',
    PUBLIC_ORIGIN: ORIGIN,
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl ?? redis?.url ?? '',
    SECRET_KEYS,
    MAIL_DIR: mailDir,
    RATE_LIMITS: 'off',
    ...env,
  };
  if (migrationUrl) await migrateAsOwner({ ...common, MIGRATION_DATABASE_URL: migrationUrl });
  const run = Math.random().toString(36).slice(2, 8);
  const deployment: Deployment = {
    apis: await Promise.all(
      Array.from({ length: apis }, async (_, i) => {
        const ports = { PORT: String(await freePort()), METRICS_PORT: String(await freePort()) };
        return new Member(`${run}-api${i}`, 'dist/stoa.js api', { ...common, ...ports });
      }),
    ),
    workers: await Promise.all(
      Array.from({ length: workers }, async (_, i) => {
        return new Member(`${run}-worker${i}`, 'dist/stoa.js worker', {
          ...common,
          METRICS_PORT: String(await freePort()),
        });
      }),
    ),
    databaseUrl,
    redisUrl: common.REDIS_URL,
    mailDir,
    stop: async () => {
      await Promise.all([...deployment.apis, ...deployment.workers].map((member) => member.stop('SIGKILL')));
      await redis?.stop();
      await rm(mailDir, { recursive: true, force: true });
    },
  };
  try {
    await Promise.all([...deployment.workers, ...deployment.apis].map((member) => member.start()));
  } catch (error) {
    await deployment.stop();
    throw error;
  }
  return deployment;
}

/** As an operator does it before a roll-out. */
async function migrateAsOwner(env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, ['dist/stoa.js', 'migrate'], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the migration ended with ${code}`);
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false;
  }
}

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { startRedis } from '../../scripts/services/redis.mjs';
import { createDatabase } from '../support/database.js';

const READY_DEADLINE_MS = 30_000;
const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A whole Stoa (api and worker, on stores of their own) and a Chromium to visit it with. */
export interface Stage {
  readonly origin: string;
  readonly browser: Browser;
  /** Kills the api process without warning. */
  killApi(): Promise<void>;
  /** Starts an api process again, on the same port. */
  startApi(): Promise<void>;
  close(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const isReady = (origin: string): Promise<boolean> =>
  fetch(`${origin}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
};

/** `settings` go on top of the test's own environment. */
export const openStage = async (settings: Record<string, string> = {}): Promise<Stage> => {
  const [databaseUrl, redis, port] = await Promise.all([createDatabase(), startRedis({ fresh: true }), freePort()]);
  const origin = `http://localhost:${port}`;
  const run = (entry: string): ChildProcess =>
    spawn(process.execPath, ['--enable-source-maps', `dist/${entry}.js`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        NODE_ENV: 'test',
        PORT: String(port),
        PUBLIC_ORIGIN: origin,
        DATABASE_URL: databaseUrl,
        REDIS_URL: redis.url,
        METRICS_PORT: '0',
        RATE_LIMITS: 'off',
        LOG_LEVEL: 'error',
        ...settings,
      },
    });
  const startApi = async () => {
    api = run('main');
    for (const begun = Date.now(); !(await isReady(origin)); await sleep(100)) {
      if (Date.now() - begun > READY_DEADLINE_MS || api.exitCode !== null) throw new Error('the api is not ready');
    }
  };
  let api: ChildProcess;
  const worker = run('worker');
  await startApi();
  const browser = await chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: CHROMIUM_FLAGS,
  });
  return {
    origin,
    browser,
    startApi,
    killApi: () => end(api, 'SIGKILL'),
    close: async () => {
      await browser.close();
      await Promise.all([end(api, 'SIGTERM'), end(worker, 'SIGTERM')]);
      await redis.stop();
    },
  };
};

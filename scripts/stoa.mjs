// The processes of Stoa and the services below them, as npm start and npm run dev run them.
import { ALLOCATOR } from './allocator.mjs';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { node24, root } from './project.mjs';
import { Failure, pause, start } from './processes.mjs';
import { step } from './progress.mjs';
import { startPostgres } from './services/postgres.mjs';
import { startRedis } from './services/redis.mjs';
import { answers } from './services/server.mjs';

const readyDeadlineMs = 60_000;

/** Settings from .env, where there is one; the environment has the last word. Fails early when the port is taken. */
export async function readSettings() {
  if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));
  const port = process.env.PORT ?? '3000';
  if (/^\d+$/.test(port) && Number(port) < 65_536 && (await answers(Number(port), 'localhost')))
    throw new Failure(`port ${port} is taken (by another npm start?): stop that, or set PORT to another one`);
  return { ...process.env, PORT: port };
}

/** Runs one of Stoa's processes on the project's Node; its output is ours. */
export const startNode = (args, env) =>
  start(node24(), ['--enable-source-maps', ...args], { cwd: root, env: { ...ALLOCATOR, ...env } });

/** @returns {Promise<never>} rejects as soon as one of the named processes ends */
export function endOfAny(processes) {
  const ends = Object.entries(processes).map(async ([name, { exited }]) => {
    const code = await exited;
    throw new Failure(`${name} has ended (exit code ${code}), so everything is stopped`, code || 1);
  });
  return Promise.race(ends);
}

/** Starts Postgres and Redis, or takes the given ones, and gives them with the settings that lead to them. */
export async function startServices(settings) {
  const [Postgres, Redis] = await step('Starting Postgres and Redis', () =>
    Promise.all([startPostgres(), startRedis()]),
  );
  return { services: { Postgres, Redis }, env: { ...settings, DATABASE_URL: Postgres.url, REDIS_URL: Redis.url } };
}

export async function migrate(env) {
  const code = await step('Bringing the database up to date', () => startNode(['dist/migrate.js'], env).exited);
  if (code !== 0) throw new Failure(`the database could not be brought up to date (exit code ${code})`, code);
}

/** The worker's metrics, when there are any, go to a free port: the named one is the api's. */
export const workerEnv = (env) => (env.METRICS_PORT ? { ...env, METRICS_PORT: '0' } : env);

/** Waits until the api says that it can serve, and tells where. */
export async function announce(env) {
  await step('Starting Stoa', async () => {
    for (const begun = Date.now(); !(await isReady(env.PORT)); await pause(100))
      if (Date.now() - begun > readyDeadlineMs)
        throw new Failure(`/health/ready did not answer 200 within ${readyDeadlineMs / 1000} s`);
  });
  console.log(`\nStoa is ready: ${env.PUBLIC_ORIGIN ?? `http://localhost:${env.PORT}`}   (Ctrl-C stops it)\n`);
}

async function isReady(port) {
  try {
    return (await fetch(`http://localhost:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

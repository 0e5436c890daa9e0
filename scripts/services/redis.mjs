// A private Redis: the machine's own, else Debian's. It keeps nothing on disk, since all that it holds can be rebuilt.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '../project.mjs';
import { Failure } from '../processes.mjs';
import { onPath } from '../path.mjs';
import { debianPackage } from './debian.mjs';
import { external, startServer } from './server.mjs';
import { unprivileged } from './service-user.mjs';

const oldestVersion = 7; // sharded pub/sub

/** The program itself is in redis-tools. */
const debianRedis = {
  name: 'redis-server',
  parts: ['redis-tools'],
  wayOut: 'install redis-server 7 or newer, or set REDIS_URL',
};

const isRecent = (program, env) => {
  const printed = spawnSync(program, ['--version'], { encoding: 'utf8', env: { ...process.env, ...env } }).stdout ?? '';
  return Number(/v=(\d+)/.exec(printed)?.[1]) >= oldestVersion;
};

async function redisProgram() {
  const installed = ['redis-server', 'valkey-server'].map(onPath).find((program) => program && isRecent(program));
  if (installed) return { program: installed, env: {} };
  const { folder, env } = await debianPackage(debianRedis);
  const program = join(folder, 'usr/bin/redis-server');
  if (isRecent(program, env)) return { program, env };
  throw new Failure(
    `the Redis of this machine's Debian archive is older than ${oldestVersion}, or does not run: set REDIS_URL`,
  );
}

/**
 * Starts one Redis process below `folder`, which needs to exist.
 * @param {string} folder
 * @param {readonly string[]} settings further lines of redis.conf
 * @param {string} [remove] a folder that goes when it ends
 */
export async function startRedisProcess(folder, settings, remove = '') {
  const { program, env } = await redisProgram();
  const { prefix, account } = unprivileged(program, folder);
  const config = join(folder, 'redis.conf');
  return startServer({
    name: 'Redis',
    log: join(folder, 'log'),
    command: (port) => {
      const lines = [`port ${port}`, 'bind 127.0.0.1', 'save ""', 'maxmemory-policy noeviction', ...settings];
      writeFileSync(config, lines.join('\n'));
      const [command, ...args] = [...prefix, program, config];
      return [command, args];
    },
    options: { ...account, cwd: folder, env: { ...process.env, ...env }, remove },
  });
}

/**
 * Starts Redis, or uses REDIS_URL.
 * @param {{ fresh?: boolean }} [options] fresh: a throw-away one for tests, as many at a time as you like; never REDIS_URL
 * @returns {Promise<{ url: string, stop: () => Promise<void>, exited: Promise<number> }>}
 */
export async function startRedis({ fresh = false } = {}) {
  if (fresh) {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-redis-'));
    const { port, ...handle } = await startRedisProcess(folder, [], folder);
    return { url: `redis://127.0.0.1:${port}`, ...handle };
  }
  if (process.env.REDIS_URL) return external(process.env.REDIS_URL);
  const folder = join(dataFolder, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const password = randomBytes(18).toString('base64url');
  const { port, ...handle } = await startRedisProcess(folder, [`requirepass ${password}`]);
  return { url: `redis://:${password}@127.0.0.1:${port}`, ...handle };
}

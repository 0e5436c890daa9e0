import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from './bot.js';
import { topOf } from './bot.js';
import type { FaultDeployment } from './fault-deployment.js';
import type { Random } from './random.js';

/** What a fault may act on. */
export interface Scene {
  deployment: FaultDeployment;
  bots: Bot[];
  random: Random;
}

/** One row of the table of faults (delivery.md, section 4). */
export interface Row {
  name: string;
  /** Does the damage and ends with the heal; answers what was lost for good, if that shows at once. */
  strike: (scene: Scene) => Promise<string[] | void>;
  /** From the heal until every bot gets answers again (ms). */
  boundMs: number;
  /** Moves when the fault bites: a test whose metric did not move tested nothing. */
  evidence?: { metric: string; labels?: string };
}

/** A slow, shared machine's share of every bound (ms). */
const SLACK = 5_000;

export const ROWS: Row[] = [
  {
    name: 'api kill -9',
    strike: ({ deployment, random }) => deployment.bounce(random.pick(deployment.apis), 'SIGKILL'),
    boundMs: 10_000 + SLACK,
    evidence: { metric: 'stoa_chat_gaps_healed_total', labels: 'path="resume"' },
  },
  {
    name: 'worker kill -9',
    strike: ({ deployment, random }) => deployment.bounce(random.pick(deployment.workers), 'SIGKILL'),
    boundMs: 5_000 + SLACK,
  },
  {
    name: 'Redis emptied',
    strike: async ({ deployment }) => void (await deployment.redis.flushall()),
    boundMs: 5_000 + SLACK,
    evidence: { metric: 'stoa_redis_epoch_changes_total' },
  },
  {
    name: 'Redis restarted',
    strike: async ({ deployment }) => {
      deployment.toRedis.set('refuse');
      await deployment.redis.flushall();
      await sleep(1_000);
      deployment.toRedis.set('pass');
    },
    boundMs: 5_000 + SLACK,
    evidence: { metric: 'stoa_redis_epoch_changes_total' },
  },
  {
    name: 'Redis stopped for 5 s, and silence after it',
    strike: redisStopped,
    boundMs: 3_000 + SLACK,
    evidence: { metric: 'stoa_chat_gaps_healed_total', labels: 'path="beacon"' },
  },
  {
    name: 'Redis full',
    strike: async ({ deployment }) => {
      await deployment.redis.config('SET', 'maxmemory', '1');
      await sleep(4_000);
      await deployment.redis.config('SET', 'maxmemory', '0');
    },
    boundMs: 3_000 + SLACK,
  },
  {
    name: 'Postgres crashed',
    strike: crashPostgres,
    boundMs: 10_000 + SLACK,
    evidence: { metric: 'stoa_chat_append_retries_total' },
  },
  {
    name: 'Postgres down for 10 s',
    strike: async ({ deployment }) => {
      deployment.toPostgres.set('refuse');
      await sleep(10_000);
      deployment.toPostgres.set('pass');
    },
    boundMs: 15_000 + SLACK,
    evidence: { metric: 'stoa_chat_append_retries_total' },
  },
  {
    // Longer than a query may take: the outcome of what was under way is unknown, and nobody says so.
    name: 'Postgres silent for 10 s',
    strike: async ({ deployment }) => {
      deployment.toPostgres.set('hole');
      await sleep(10_000);
      deployment.toPostgres.cut();
      deployment.toPostgres.set('pass');
    },
    boundMs: 15_000 + SLACK,
    evidence: { metric: 'stoa_chat_append_retries_total' },
  },
  {
    name: 'Postgres connections cut, again and again',
    strike: async ({ deployment }) => {
      for (let i = 0; i < 20; i += 1) {
        deployment.toPostgres.cut();
        await sleep(100);
      }
    },
    boundMs: 5_000 + SLACK,
    evidence: { metric: 'stoa_chat_append_retries_total' },
  },
  {
    name: 'half-open network',
    strike: async ({ deployment, random }) => {
      const door = random.pick(deployment.doors);
      door.set('hole');
      await sleep(20_000);
      door.cut();
      door.set('pass');
    },
    boundMs: 5_000 + SLACK,
  },
  {
    name: 'all sockets drop at once',
    strike: async ({ deployment }) => {
      for (const door of deployment.doors) door.cut();
    },
    boundMs: 15_000 + SLACK,
    evidence: { metric: 'stoa_chat_gaps_healed_total', labels: 'path="resume"' },
  },
  {
    name: 'rolling deploy',
    strike: async ({ deployment }) => {
      for (const api of deployment.apis) await deployment.bounce(api, 'SIGTERM');
    },
    boundMs: 3_000 + SLACK,
  },
  {
    name: 'api stopped for 3 s',
    strike: async ({ deployment, random }) => {
      const api = random.pick(deployment.apis);
      api.signal('SIGSTOP');
      await sleep(3_000);
      api.signal('SIGCONT');
    },
    boundMs: 10_000 + SLACK,
  },
  {
    name: 'take-over in mid-send',
    strike: async ({ bots, random }) => {
      for (const bot of bots) if (random.next() < 0.5) bot.takeOver();
      await sleep(2_000);
    },
    boundMs: 5_000 + SLACK,
  },
];

/** Rows of the contract's table that this suite cannot bring about, and why. */
export const SKIPPED = [
  'clock jumps: needs a clock of its own for each process',
  'disk full on Postgres: needs a disk of its own',
  'slow consumer: see test/e2e for the cap on a stalled socket',
];

/** Hints between processes are lost while Redis stands still; then everybody falls silent, and only the beacon can tell. */
async function redisStopped({ deployment, bots }: Scene): Promise<string[]> {
  const info = await deployment.redis.info('server');
  const pid = Number(/process_id:(\d+)/.exec(info)?.[1]);
  process.kill(pid, 'SIGSTOP');
  try {
    await sleep(2_500);
    for (const bot of bots) bot.pause();
    await sleep(2_500);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await sleep(9_000);
  const missing = bots.flatMap((bot) => {
    const { current } = bot;
    const partner = bots.find((other) => other.current?.conversation === current?.conversation && other !== bot);
    if (!current || !partner || !bot.isConnected) return [];
    const said = partner.sends.filter((s) => s.conversation === current.conversation && s.outcome === 'ok');
    const newest = Math.max(0, ...said.map((send) => send.seq ?? 0));
    return topOf(current) < newest ? [`${bot.name} was not told ${newest} of ${current.conversation} within 9 s`] : [];
  });
  for (const bot of bots) bot.resume();
  return missing;
}

/**
 * Kills a backend as the kernel might: the whole server recovers from its log, as after `restart -m immediate`.
 * Nobody gets in for a second: so few bots might not notice a recovery of 100 ms.
 */
async function crashPostgres({ deployment }: Scene): Promise<void> {
  const { rows } = await deployment.postgres.query('SELECT pg_backend_pid() AS pid');
  deployment.toPostgres.set('refuse');
  process.kill(rows[0].pid, 'SIGKILL');
  await sleep(1_000);
  deployment.toPostgres.set('pass');
  for (let i = 0; i < 200; i += 1) {
    await sleep(50);
    const isUp = await deployment.postgres.query('SELECT 1').catch(() => undefined);
    if (isUp) return;
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from './bot.js';
import type { ControlledScene, Row } from './row.types.js';
import { BEACON, untoldInTime } from './untold.js';

/** Whoever begins to search is refused: no place to put them. */
const refusedSearches = { metric: 'stoa_socket_refusals_total', labels: 'code="UNAVAILABLE"' };

export const REDIS_ROWS: Row[] = [
  {
    name: 'Redis emptied',
    by: 'deployment',
    strike: async ({ deployment }) => void (await deployment.redis.flushall()),
    boundMs: 5_000,
    ackP99Ms: 1_000,
    keepsConnections: true,
    evidence: { metric: 'stoa_redis_epoch_changes_total' },
  },
  {
    name: 'Redis restarted',
    by: 'deployment',
    strike: ({ deployment }) => deployment.restartRedis(),
    boundMs: 5_000,
    ackP99Ms: 1_000,
    keepsConnections: true,
    evidence: { metric: 'stoa_redis_epoch_changes_total' },
  },
  {
    name: 'Redis stopped for 5 s',
    by: 'deployment',
    strike: ({ deployment }) => deployment.whileRedisStands(() => sleep(5_000)),
    boundMs: 3_000,
    ackP99Ms: 1_000,
    keepsConnections: true,
    evidence: refusedSearches,
  },
  {
    name: 'Redis stopped, then silence',
    by: 'deployment',
    strike: silence,
    boundMs: 3_000,
    ackP99Ms: 1_000,
    keepsConnections: true,
    // A crowd may by chance sit in pairs on one process each: then no hint is lost.
    evidence: { metric: 'stoa_chat_gaps_healed_total', labels: 'path="beacon"', share: 0.8 },
  },
  {
    // What waits at a Redis that stands comes late; what was sent into a hole never comes.
    name: 'Redis cut off, then silence',
    by: 'deployment',
    strike: cutOff,
    boundMs: 3_000,
    ackP99Ms: 1_000,
    keepsConnections: true,
    evidence: { metric: 'stoa_chat_gaps_healed_total', labels: 'path="beacon"', share: 0.8 },
  },
  {
    name: 'Redis full',
    by: 'deployment',
    strike: async ({ deployment }) => {
      await deployment.redis.config('SET', 'maxmemory', '1');
      await sleep(3_000);
      await deployment.redis.config('SET', 'maxmemory', '0');
    },
    boundMs: 3_000,
    ackP99Ms: 1_000,
    keepsConnections: true,
    evidence: refusedSearches,
  },
  {
    name: 'take-over while Redis stands still',
    by: 'deployment',
    strike: takeOverWithoutRedis,
    boundMs: 5_000,
    evidence: { metric: 'stoa_presence_superseded_total' },
  },
];

/** Hints between processes are lost while Redis stands still; then everybody falls silent, and only the beacon can tell. */
async function silence(scene: ControlledScene): Promise<string[]> {
  await scene.deployment.whileRedisStands(() => talkThenPause(scene));
  return onlyTheBeacon(scene);
}

/** The same with a network that swallows all hints. */
async function cutOff(scene: ControlledScene): Promise<string[]> {
  const { toRedis } = scene.deployment;
  toRedis.set('hole');
  await talkThenPause(scene);
  toRedis.cut();
  toRedis.set('pass');
  return onlyTheBeacon(scene);
}

async function talkThenPause({ bots }: ControlledScene): Promise<void> {
  await sleep(1_500);
  for (const bot of bots) bot.pause();
  await sleep(1_000);
}

async function onlyTheBeacon({ bots, healed }: ControlledScene): Promise<string[]> {
  const missing = await untoldInTime(bots);
  for (const bot of bots) bot.resume();
  healed();
  return missing.map((what) => `${what} within ${BEACON} ms`);
}

async function takeOverWithoutRedis({ deployment, bots, random, healed }: ControlledScene): Promise<void> {
  const records = await (async () => {
    let begun: ReturnType<Bot['line']['takeOver']>[] = [];
    await deployment.whileRedisStands(async () => {
      await sleep(600);
      begun = bots.map((bot) => (random.next() < 0.5 ? bot.line.takeOver() : undefined));
      await sleep(2_000);
    });
    return begun;
  })();
  const redisBackAt = performance.now();
  healed();
  for (const record of records) if (record) record.redisBackAt = redisBackAt;
}

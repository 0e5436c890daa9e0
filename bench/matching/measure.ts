import { fork } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { ClaimDesk } from '../../src/matching/claim-desk.js';
import type { ClaimablePair } from '../../src/matching/claim-desk.js';
import { DEFAULT_POLICY } from '../../src/config/matching-policy.js';
import { PartnerScan } from '../../src/matching/partner-scan.js';
import { SearchQueue } from '../../src/matching/search-queue.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import { leasesKey, waitingKey } from '../../src/matching/shard.keys.js';
import type { Log } from '../../src/platform/logging/log.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { Crowd, lonely, oneOfMany } from './crowd.js';
import type { RunnerReport } from './runner.process.js';

/** ms of CPU that Redis has used so far. */
export async function redisCpuMs(redis: RedisClient): Promise<number> {
  const info = await redis.info('cpu');
  const read = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  return (read('used_cpu_user') + read('used_cpu_sys')) * 1_000;
}

export async function redisBytes(redis: RedisClient): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1] ?? 0);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Claims of pairs that wait, `batch` pairs in one call, 8 calls under way. */
export async function measureClaims(redis: RedisClient, pairs: number, batch: number) {
  const shard = `c${randomUUID().slice(0, 6)}`;
  const queue = new SearchQueue(redis);
  const desk = new ClaimDesk(redis, { warn: () => undefined } as unknown as Log);
  const enter = async () => {
    const search = { searchId: randomUUID(), userId: randomUUID(), version: 1 };
    await queue.enqueue({
      ...search,
      shard,
      attrs: '[3,1,[0],[],0,0]',
      sinceMs: 0,
      avoidance: { blocked: [], recent: [] },
    });
    return search;
  };
  const all: ClaimablePair[] = [];
  for (let i = 0; i < pairs; i += 250)
    all.push(...(await Promise.all(Array.from({ length: 250 }, async () => ({ a: await enter(), b: await enter() })))));
  const [cpu, node, began] = [await redisCpuMs(redis), process.cpuUsage(), performance.now()];
  let next = 0;
  let claimed = 0;
  const work = async () => {
    for (let at = next; at < all.length; at = next) {
      next += batch;
      const answers = await desk.claim(shard, all.slice(at, at + batch));
      claimed += answers.filter(({ reply }) => reply === 'claimed').length;
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  const seconds = (performance.now() - began) / 1_000;
  const used = process.cpuUsage(node);
  if (claimed !== all.length) throw new Error(`only ${claimed} of ${all.length} pairs were claimed`);
  return {
    perS: claimed / seconds,
    redisUs: (((await redisCpuMs(redis)) - cpu) * 1_000) / claimed,
    nodeUs: (used.user + used.system) / claimed,
  };
}

interface Load {
  readonly perS: number;
  readonly waiting: number;
  /** Who they are: people whom nobody can meet, or men who all seek women. */
  readonly crowd: 'lonely' | 'lopsided';
  readonly holdMs: number;
  readonly seconds: number;
}

/** A runner in a process of its own under a steady stream of searches. */
export async function measureRunner(redis: RedisClient, url: string, load: Load) {
  const shard = `r${randomUUID().slice(0, 6)}`;
  const crowd = new Crowd(new SearchQueue(redis));
  const bytesBefore = await redisBytes(redis);
  await crowd.fill(shard, load.waiting, load.crowd === 'lonely' ? lonely : oneOfMany);
  const bytesPerSearch = ((await redisBytes(redis)) - bytesBefore) / Math.max(1, load.waiting);
  // Nobody renews these here: their leases lie far ahead.
  await redis.call('ZUNIONSTORE', [leasesKey(shard), '1', waitingKey(shard), 'WEIGHTS', '1000']);
  const child = fork(new URL('./runner.process.js', import.meta.url), [url, shard, `${load.holdMs}`], {
    execArgv: ['--expose-gc'],
  });
  await once(child, 'message');
  const cpu = await redisCpuMs(redis);
  const came = await crowd.arrive(shard, load.perS, load.seconds);
  child.send('stop');
  const [report] = (await once(child, 'message')) as [RunnerReport];
  const redisCpu = (await redisCpuMs(redis)) - cpu;
  await redis.flushall();
  return {
    ...report,
    came,
    bytesPerSearch,
    redisShare: redisCpu / load.seconds / 1_000,
    nodeShare: report.cpuMs / load.seconds / 1_000,
  };
}

/** Pairs scored per second of CPU by one thread, in a pool of the population. */
export function measureScoring(waiting: number, looks: number): number {
  const mirror = new ShardMirror();
  const crowd = new Crowd(undefined as unknown as SearchQueue);
  for (let i = 0; i < waiting; i += 1) {
    const person = crowd.next();
    mirror.pool.add({ ...person, searchId: `s${i}`, version: 1, sinceMs: 0 });
  }
  const { pool, policy } = mirror;
  policy.book.fit(pool.slotCount);
  const scan = new PartnerScan(pool, policy, policy.book);
  for (let slot = 0; slot < waiting; slot += 1) scan.look(slot);
  const before = process.cpuUsage();
  let scored = 0;
  for (let slot = 0; slot < looks; slot += 1) scored += scan.lookAgain(slot);
  const { user, system } = process.cpuUsage(before);
  return scored / ((user + system) / 1e6);
}

export const HOLD_MS = DEFAULT_POLICY.hold.longestMs;

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { SearchQueue } from '../../src/matching/search-queue.js';
import { SWEEP_BATCH } from '../../src/matching/search.limits.js';
import { sweepScript } from '../../src/matching/search.scripts.js';
import { ShardSweeper } from '../../src/matching/shard-sweeper.js';
import { leasesKey, waitingKey } from '../../src/matching/shard.keys.js';
import { packAttributes } from '../../src/matching/ticket-packing.js';
import { RedisEpoch } from '../../src/platform/redis/redis-epoch.js';
import { aSearch, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

const SHARD = 'all';
/** More than one batch. */
const DEAD = SWEEP_BATCH + 100;

let stage: MatchingStage;
let process: MatchingProcess;
let sweeper: ShardSweeper;

beforeAll(async () => {
  stage = await startMatchingStage();
  process = await stage.startProcess('api');
  sweeper = process.app.get(ShardSweeper, { strict: false });
  const queue = process.app.get(SearchQueue, { strict: false });
  const attrs = packAttributes(aSearch());
  const enqueue = (userId: string) =>
    queue.enqueue({
      shard: SHARD,
      searchId: randomUUID(),
      userId,
      attrs,
      sinceMs: 0,
      avoidance: { blocked: [], recent: [] },
    });
  for (let from = 0; from < DEAD; from += 100)
    await Promise.all(Array.from({ length: 100 }, (_, at) => enqueue(`user ${from + at}`)));
  const searchIds = await process.redis.zrange(waitingKey(SHARD), '0', '-1');
  await process.redis.zadd(leasesKey(SHARD), ...searchIds.flatMap((searchId) => [1, searchId]));
});
afterAll(() => stage?.stop());
afterEach(() => vi.restoreAllMocks());

const waiting = (): Promise<number> => process.redis.zcard(waitingKey(SHARD));

it('a sweep that may drop nobody looks once', async () => {
  const looks = vi.spyOn(sweepScript, 'run');
  // This life of Redis is too young: everybody gets a whole lease first.
  await sweeper.sweep(SHARD);
  expect([looks.mock.calls.length, await waiting()]).toEqual([1, DEAD]);
});

it('a sweep drops more of the dead than one batch holds', async () => {
  Object.defineProperty(process.app.get(RedisEpoch), 'stableForMs', { get: () => Infinity });
  await sweeper.sweep(SHARD);
  expect(await waiting()).toBe(0);
});

// One runner of one shard as the worker runs it, without Postgres: look, pick, claim, settle. Told what to do by its parent.
import { setTimeout as sleep } from 'node:timers/promises';
import { ClaimDesk } from '../../src/matching/claim-desk.js';
import type { DeadSearches } from '../../src/matching/dead-searches.js';
import { MatchingMetrics } from '../../src/matching/matching.metrics.js';
import { PairClaimer } from '../../src/matching/pair-claimer.js';
import { DEFAULT_POLICY } from '../../src/config/matching-policy.js';
import { TICK_MS } from '../../src/matching/search.limits.js';
import { ShardFeed } from '../../src/matching/shard-feed.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import type { Log } from '../../src/platform/logging/log.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { createRedis } from '../../src/platform/redis/redis-connection.js';
import { StaleSample } from './stale-sample.js';

/** What a run measured. */
export interface RunnerReport {
  /** From the arrival of the second of a pair to its claim, ms. */
  readonly waitsMs: number[];
  /** Searches looked at that had come with the load and waited for over 1 s; of these, how many could have met one and the same person all the while. */
  readonly sampled: number;
  readonly stale: number;
  /** Pools within the shard: searches of equal hard profile. */
  readonly buckets: number;
  readonly cpuMs: number;
  readonly heapPerSearch: number;
  /** Until the mirror was there and everybody had looked for partners. */
  readonly builtMs: number;
  readonly slowestTickMs: number;
  /** CPU of each tick (ms), also where the machine is busy with something else. */
  readonly tickCpuMs: number[];
}

const [url = '', shard = '', longestHoldMs = '0'] = process.argv.slice(2);

const redis = createRedis([url], 'worker', () => undefined);
await redis.connect();
const feed = new ShardFeed(redis);
const silent = { warn: () => undefined } as unknown as Log;
const desk = new ClaimDesk(redis, silent);
const nobodyDies = { drop: () => Promise.resolve() } as unknown as DeadSearches;
const claimer = new PairClaimer(desk, nobodyDies, new MatchingMetrics(new Metrics()), silent);
const hold = { ...DEFAULT_POLICY.hold, longestMs: Number(longestHoldMs) };
const mirror = new ShardMirror({ config: { ...DEFAULT_POLICY, hold } });

const heapBefore = process.memoryUsage().heapUsed;
let began = performance.now();
await feed.follow(shard, mirror, 'bench');
while (mirror.backlog > 0) await claimer.claim(shard, mirror);
const builtMs = performance.now() - began;
// By then everybody who was here before has been widened: what is measured is the steady state.
const settledAt = performance.now() + (mirror.pool.size > 0 ? DEFAULT_POLICY.widen.latestMs + 1_000 : 0);
while (performance.now() < settledAt || mirror.backlog > 0) {
  await feed.follow(shard, mirror, 'bench');
  await claimer.claim(shard, mirror);
  await sleep(TICK_MS);
}
process.send?.('ready');

const stop = new AbortController();
process.on('message', () => stop.abort());
const waitsMs: number[] = [];
let [slowestTickMs, sampleMs] = [0, 0];
const sample = new StaleSample(mirror);
const tickCpuMs: number[] = [];
const cpu = process.cpuUsage();
while (!stop.signal.aborted) {
  began = performance.now();
  const before = process.cpuUsage();
  await feed.follow(shard, mirror, 'bench');
  const claims = await claimer.claim(shard, mirror);
  const at = Date.now();
  for (const { pair } of claims) waitsMs.push(at - Math.max(pair.a.sinceMs, pair.b.sinceMs));
  void desk.conclude(
    shard,
    claims.flatMap(({ claimId, pair: { a, b } }) =>
      [a, b].map(({ searchId, userId }) => ({ claimId, searchId, userId, fate: 'settle' as const })),
    ),
  );
  const tick = process.cpuUsage(before);
  tickCpuMs.push((tick.user + tick.system) / 1_000);
  slowestTickMs = Math.max(slowestTickMs, performance.now() - began);
  const beforeSample = process.cpuUsage();
  sample.lookWhenDue();
  const looked = process.cpuUsage(beforeSample);
  sampleMs += (looked.user + looked.system) / 1_000;
  await sleep(Math.max(1, TICK_MS - (performance.now() - began)));
}
const used = process.cpuUsage(cpu);
// Not before: a collection on order sets V8's next limits anew, and with them what is measured.
globalThis.gc?.();
const heapPerSearch = (process.memoryUsage().heapUsed - heapBefore) / Math.max(1, mirror.pool.size);
const report: RunnerReport = {
  waitsMs,
  sampled: sample.sampled,
  stale: sample.stale,
  buckets: mirror.pool.buckets.size,
  cpuMs: (used.user + used.system) / 1_000 - sampleMs,
  heapPerSearch,
  builtMs,
  slowestTickMs,
  tickCpuMs,
};
process.send?.(report, () => process.exit(0));

import { Inject, Injectable } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { REDIS } from '../redis/redis.tokens.js';
import type { RedisClient } from '../redis/redis-connection.js';
import { RedisEpoch } from '../redis/redis-epoch.js';
import { Clock } from '../time/clock.js';
import { gcraScript } from './gcra.script.js';
import { burstOf, emissionMs } from './limit.types.js';
import type { Limit, Verdict } from './limit.types.js';
import { bucketKey } from './limiter.keys.js';
import { LocalGcra } from './local-gcra.js';
import { ProcessCensus } from './process-census.js';

/** One limit applied to one subject. */
export interface Bucket {
  /** Name of the limit. */
  name: string;
  /** Digest of whom it counts: never the raw value. */
  digest: string;
  limit: Limit;
  /** Whether an excess refuses the request; else it is reported, and spares the later ones that are. `look`: it refuses, and the bucket is never charged. */
  refuses: boolean | 'look';
  /** A mark rather than a rate: while Redis is away it is not divided among the processes. */
  isMark?: boolean;
}

/**
 * Rate limits that all processes share, one Redis call for all buckets of a request. While Redis is away each process goes on alone
 * with its share of every limit: never without limits, and never an error.
 */
@Injectable()
export class RateLimiter {
  private readonly local = new LocalGcra();
  private readonly refusals;
  private readonly fallbacks;
  private alone = false;

  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly epoch: RedisEpoch,
    private readonly census: ProcessCensus,
    private readonly clock: Clock,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.refusals = metrics.counter('stoa_limiter_excess_total', 'Requests over a limit', { labels: ['limit'] });
    this.fallbacks = metrics.counter(
      'stoa_limiter_local_total',
      'Requests that local buckets judged while Redis was away',
    );
    metrics.gauge('stoa_limiter_is_local', '1 while limits are kept by this process alone', () => Number(this.alone));
  }

  /** One verdict per bucket. When a refusing bucket is full, none is charged. */
  async take(buckets: Bucket[]): Promise<Verdict[]> {
    const verdicts = await this.judge(buckets);
    verdicts.forEach(({ allowed }, i) => {
      if (!allowed) this.refusals.inc({ limit: buckets[i]?.name ?? '' });
    });
    return verdicts;
  }

  private async judge(buckets: Bucket[]): Promise<Verdict[]> {
    // Not asked at all while it does not answer: a black hole would cost every request its time-out.
    if (this.epoch.isHealthy) {
      try {
        const verdicts = await this.askRedis(buckets);
        this.setAlone(false);
        return verdicts;
      } catch (error) {
        this.log.debug({ event: 'limiter.redis_failed', err: error });
      }
    }
    this.setAlone(true);
    this.fallbacks.inc();
    return this.judgeLocally(buckets);
  }

  private askRedis(buckets: Bucket[]): Promise<Verdict[]> {
    const keys = buckets.map(({ name, digest }) => bucketKey(name, digest));
    const args = buckets.flatMap(({ limit, refuses }) => [emissionMs(limit), burstOf(limit), modeOf(refuses)]);
    return gcraScript.run(this.redis, keys, args);
  }

  private judgeLocally(buckets: Bucket[]): Verdict[] {
    const now = this.clock.monotonicMs();
    const share = buckets.map((bucket) => ({
      ...bucket,
      key: bucketKey(bucket.name, bucket.digest),
      limit: bucket.isMark ? bucket.limit : this.shareOf(bucket.limit),
    }));
    const looks = share.map(({ key, limit }) => this.local.peek(key, limit, now));
    if (looks.some(({ allowed }, i) => !allowed && share[i]?.refuses)) return looks;
    let isSpared = false;
    return share.map(({ key, limit, refuses }, i) => {
      const onlyLooks = refuses === 'look' || (!refuses && isSpared);
      isSpared ||= !refuses && !looks[i]?.allowed;
      return this.local[onlyLooks ? 'peek' : 'take'](key, limit, now);
    });
  }

  private shareOf({ count, perMs, burst = count }: Limit): Limit {
    const processes = this.census.count;
    return { count: count / processes, perMs, burst: Math.max(1, Math.floor(burst / processes)) };
  }

  private setAlone(alone: boolean): void {
    if (alone !== this.alone) this.log.warn({ event: alone ? 'limiter.went_local' : 'limiter.went_shared' });
    this.alone = alone;
  }
}

const modeOf = (refuses: Bucket['refuses']): string => (refuses === 'look' ? 'look' : String(Number(refuses)));

import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { REDIS } from './redis.tokens.js';
import type { RedisClient } from './redis-connection.js';

/** STRING: random name of this life of Redis, no TTL. Gone or changed: Redis was emptied. */
export const EPOCH_KEY = 'stoa:epoch';

/** ms between two looks */
const CHECK_INTERVAL = 1_000;

type Rebuild = () => Promise<void> | void;

/**
 * Notices that Redis was emptied or replaced and lets each feature put back what it owns.
 * All that Redis holds can be rebuilt; this is what triggers it.
 */
@Injectable()
export class RedisEpoch implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly listeners: { name: string; rebuild: Rebuild }[] = [];
  private timer?: NodeJS.Timeout;
  private known?: string;
  private healthySince?: number;
  private readonly changes;

  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.changes = metrics.counter('stoa_redis_epoch_changes_total', 'Times that Redis was found emptied');
  }

  /** `rebuild` runs after each change of epoch, not at start. It must be idempotent. */
  onChange(name: string, rebuild: Rebuild): void {
    this.listeners.push({ name, rebuild });
  }

  /** ms since which Redis has answered in the same epoch; 0 while it does not. Sweeps that punish absence wait for this. */
  get stableForMs(): number {
    return this.healthySince === undefined ? 0 : performance.now() - this.healthySince;
  }

  /** True while Redis answers. */
  get isHealthy(): boolean {
    return this.healthySince !== undefined;
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.check();
    this.timer = setInterval(() => void this.check(), CHECK_INTERVAL);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  private async check(): Promise<void> {
    try {
      const epoch = (await this.redis.get(EPOCH_KEY)) ?? (await this.claimEpoch());
      const changed = this.known !== undefined && epoch !== this.known;
      this.known = epoch;
      if (changed || this.healthySince === undefined) this.healthySince = performance.now();
      if (changed) await this.rebuildAll();
    } catch (error) {
      if (this.isHealthy) this.log.warn({ event: 'redis.unreachable', err: error });
      delete this.healthySince;
    }
  }

  /** The first process that finds no epoch names it; the others read what it named. */
  private async claimEpoch(): Promise<string> {
    await this.redis.set(EPOCH_KEY, randomUUID(), 'NX');
    return (await this.redis.get(EPOCH_KEY)) ?? '';
  }

  private async rebuildAll(): Promise<void> {
    this.changes.inc();
    this.log.warn({ event: 'redis.epoch_changed' });
    for (const { name, rebuild } of this.listeners) {
      try {
        await rebuild();
      } catch (error) {
        this.log.error({ event: 'redis.rebuild_failed', feature: name, err: error });
      }
    }
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { RuntimeConfig } from '../../config/config.types.js';
import type { RedisClient } from '../redis/redis-connection.js';
import { RedisEpoch } from '../redis/redis-epoch.js';
import { REDIS } from '../redis/redis.tokens.js';
import { KeyRing } from '../secrets/key-ring.js';
import { Clock } from '../time/clock.js';
import { EventBuckets } from './event-buckets.js';
import { spentKey } from './limiter.keys.js';
import { collectSpent, leaveSpent } from './spent.scripts.js';

/**
 * What somebody has spent of their event limits goes with them from process to process: their connection leaves it in Redis when it
 * ends, and the next one takes it from there. It is moved and added, never copied, so no way of going about buys more events. While
 * Redis is away it stays where it is.
 */
@Injectable()
export class SpentLimits {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly epoch: RedisEpoch,
    private readonly buckets: EventBuckets,
    private readonly keys: KeyRing,
    private readonly clock: Clock,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** When the user's connection here ends. Never rejects. */
  async leave(userId: string): Promise<void> {
    if (!this.mayMove()) return;
    const spent = this.buckets.remove(userId, this.clock.monotonicMs());
    if (spent.size === 0) return;
    try {
      await leaveSpent.run(this.redis, [this.keyOf(userId)], [...spent].flat());
    } catch {
      this.buckets.add(userId, spent, this.clock.monotonicMs());
    }
  }

  /** When a connection of the user begins here, and their older one has ended. Never rejects. */
  async collect(userId: string): Promise<void> {
    if (!this.mayMove()) return;
    try {
      const spent = await collectSpent.run(this.redis, [this.keyOf(userId)], []);
      this.buckets.add(userId, spent, this.clock.monotonicMs());
    } catch {
      // Away: nothing of it can be known, and it is forgotten within minutes.
    }
  }

  private mayMove(): boolean {
    return this.runtime.rateLimits && this.epoch.isHealthy;
  }

  private keyOf(userId: string): string {
    return spentKey(this.keys.digest('limit', userId));
  }
}

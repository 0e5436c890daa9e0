import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { REDIS } from '../redis/redis.tokens.js';
import type { RedisClient } from '../redis/redis-connection.js';
import { PROCESSES_KEY } from './limiter.keys.js';

/** ms between two signs of life */
const INTERVAL = 10_000;
/** A process that was silent for this long (ms) does not count. */
export const CENSUS_TTL = 35_000;

/** How many processes share a limit: what a local bucket is divided by while Redis is away. */
@Injectable()
export class ProcessCensus implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly id = randomUUID();
  private timer?: NodeJS.Timeout;
  private known = 1;

  constructor(@Inject(REDIS) private readonly redis: RedisClient) {}

  /** As last counted; at least 1. */
  get count(): number {
    return this.known;
  }

  onApplicationBootstrap(): void {
    void this.refresh();
    this.timer = setInterval(() => void this.refresh(), INTERVAL);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.redis.zrem(PROCESSES_KEY, this.id).catch(() => undefined);
  }

  async refresh(): Promise<void> {
    const now = Date.now();
    try {
      const replies = await this.redis
        .pipeline()
        .zadd(PROCESSES_KEY, now, this.id)
        .zremrangebyscore(PROCESSES_KEY, 0, now - CENSUS_TTL)
        .zcard(PROCESSES_KEY)
        .pexpire(PROCESSES_KEY, CENSUS_TTL)
        .exec();
      this.known = Math.max(1, Number(replies?.[2]?.[1] ?? 1));
    } catch {
      // Away: the last count stands, which is what the fallback needs.
    }
  }
}

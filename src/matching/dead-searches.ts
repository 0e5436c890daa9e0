import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { RedisEpoch } from '../platform/redis/redis-epoch.js';
import { MatchingMetrics } from './matching.metrics.js';
import { SearchQueue } from './search-queue.js';
import { SEARCH_LEASE_MS } from './search.limits.js';

/** Drops searches whose api process has not renewed them. */
@Injectable()
export class DeadSearches {
  constructor(
    private readonly queue: SearchQueue,
    private readonly epoch: RedisEpoch,
    private readonly metrics: MatchingMetrics,
    private readonly log: Log,
  ) {}

  /**
   * Each looks at the lease again. While Redis was away nobody could renew one: then everybody gets a whole lease first.
   * @returns how many were dropped
   */
  async drop(shard: string, searchIds: readonly string[]): Promise<number> {
    if (this.epoch.stableForMs < SEARCH_LEASE_MS) return 0;
    const drops = await Promise.all(searchIds.map((searchId) => this.dropOne(shard, searchId)));
    return drops.filter(Boolean).length;
  }

  private async dropOne(shard: string, searchId: string): Promise<boolean> {
    const userId = (await this.queue.ownerOf({ shard, searchId })) ?? '';
    const place = { shard, searchId, userId };
    const reply = await this.queue.cancel(place, { why: 'lost', onlyIfDead: true });
    if (reply !== 'cancelled') return false;
    await this.queue.leaveHome(place);
    this.metrics.dropped.inc();
    this.log.debug({ event: 'matching.search_dropped', searchId });
    return true;
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { countClasses } from './class-counts.js';
import { hasPassed } from './has-passed.js';
import type { OpenedClaims } from './match-opener.js';
import { MatchingMetrics } from './matching.metrics.js';
import { classOf, languageOf } from './search-class.js';
import type { KnownShard } from './shard-memory.js';
import { REPORT_EVERY_MS, REPORT_TTL_MS, reportProfiles } from './shard-report.js';
import { reportKey } from './shard.keys.js';

/** Tells how a shard fares: its policy, so that it learns; the people who wait in it; the operators. */
@Injectable()
export class ShardObserver {
  private readonly reportedAt = new Map<string, number>();

  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly metrics: MatchingMetrics,
  ) {}

  /** After each tick; people are told once a second. */
  async ticked(
    shard: string,
    { mirror, waits, matchRates, languageRates }: KnownShard,
    seconds: number,
  ): Promise<void> {
    this.metrics.tick.observe(seconds);
    this.metrics.pool.set({ shard }, mirror.pool.size);
    if (!hasPassed(REPORT_EVERY_MS, this.reportedAt.get(shard) ?? 0, mirror.nowMs)) return;
    this.reportedAt.set(shard, mirror.nowMs);
    this.metrics.classes.set(shard, {
      counts: countClasses(mirror.pool, mirror.policy.book),
      matchRates,
      languageRates,
    });
    const reports = reportProfiles(mirror.pool, mirror.policy, waits, mirror.nowMs);
    if (reports.size === 0) return;
    const fields = Object.fromEntries([...reports].map(([profile, report]) => [profile, JSON.stringify(report)]));
    const key = reportKey(shard);
    await this.redis.multi().del(key).hset(key, fields).pexpire(key, REPORT_TTL_MS).exec();
  }

  /** Nobody waits, or another process runs the shard: it says how many do. */
  rested(shard: string): void {
    this.metrics.pool.remove({ shard });
    this.metrics.classes.delete(shard);
  }

  opened(
    shard: string,
    { mirror, waits, matchRates, languageRates }: KnownShard,
    claimed: number,
    { opened, vetoed }: OpenedClaims,
  ): void {
    for (const { a, b } of vetoed) mirror.refuse(a, b);
    for (const pair of opened) {
      mirror.settled(pair);
      mirror.policy.paired(pair, mirror.nowMs);
      for (const ticket of [pair.a, pair.b]) {
        const searchClass = classOf(ticket);
        const waitMs = Math.max(0, mirror.nowMs - ticket.sinceMs);
        waits.observe(ticket, waitMs, mirror.nowMs);
        matchRates.observe(searchClass, true);
        languageRates.observe(languageOf(ticket), true);
        this.metrics.wait.observe({ shard, class: searchClass }, waitMs / 1_000);
        this.metrics.ended.inc({ shard, class: searchClass, how: 'matched' });
      }
    }
    this.metrics.claims.inc({ shard, outcome: 'opened' }, opened.length);
    this.metrics.claims.inc({ shard, outcome: 'vetoed' }, vetoed.length);
    this.metrics.claims.inc({ shard, outcome: 'partner_busy' }, claimed - opened.length - vetoed.length);
  }

  /** Claims of which it is not known here what became of them. */
  unopened(shard: string, claimed: number, outcome: 'failed' | 'late'): void {
    this.metrics.claims.inc({ shard, outcome }, claimed);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import type { ShardMirror } from './shard-mirror.js';
import { REPORT_EVERY_MS, REPORT_TTL_MS } from './shard-report.js';
import type { RecentWaits, ShardReport } from './shard-report.js';
import { reportKey } from './shard.keys.js';

/** Tells the api processes, once a second, what a shard is like. */
@Injectable()
export class ShardReporter {
  private readonly reportedAt = new Map<string, number>();

  constructor(@Inject(REDIS) private readonly redis: RedisClient) {}

  async report(shard: string, mirror: ShardMirror, waits: RecentWaits): Promise<void> {
    if (mirror.nowMs - (this.reportedAt.get(shard) ?? 0) < REPORT_EVERY_MS) return;
    this.reportedAt.set(shard, mirror.nowMs);
    const report: ShardReport = { waiting: mirror.pool.size, medianWaitMs: waits.medians() };
    await this.redis.set(reportKey(shard), JSON.stringify(report), 'PX', REPORT_TTL_MS);
  }
}

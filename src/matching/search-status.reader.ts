import { Inject, Injectable } from '@nestjs/common';
import type { SearchStatus } from '../contracts/state.dto.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { SearchQueue } from './search-queue.js';
import { SearchRecords } from './search-records.js';
import { classOf, sizeWord } from './shard-report.js';
import type { ShardReport } from './shard-report.js';
import { reportKey } from './shard.keys.js';
import { unpackFacts } from './ticket-packing.js';
import { wideningWords } from './widen.js';

type Status = SearchStatus & { since: string };

/** What waiting people are told, from what the runner last said about their shard. */
@Injectable()
export class SearchStatusReader {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly queue: SearchQueue,
    private readonly records: SearchRecords,
  ) {}

  /** By user; those who do not search are absent. */
  async of(userIds: readonly string[]): Promise<Map<string, Status>> {
    const nowMs = await this.clock();
    const reports = new Map<string, Promise<ShardReport | undefined>>();
    const reportOf = (shard: string) => {
      const report = reports.get(shard) ?? this.report(shard);
      reports.set(shard, report);
      return report;
    };
    const found = await Promise.all(
      userIds.map(async (userId): Promise<[string, Status] | undefined> => {
        const place = this.records.of(userId) ?? (await this.queue.homeOf(userId));
        const search = place && (await this.queue.read(place));
        if (!search) return undefined;
        // Whoever has just come to this process is remembered from here on.
        if (!this.records.of(userId)) this.records.remember({ ...place, ...search, userId });
        const status = describe(search.attrs, Math.max(0, nowMs - search.sinceMs), await reportOf(place.shard));
        return [userId, { searchId: place.searchId, since: new Date(search.sinceMs).toISOString(), ...status }];
      }),
    );
    return new Map(found.filter((entry) => entry !== undefined));
  }

  private async report(shard: string): Promise<ShardReport | undefined> {
    const report = await this.redis.get(reportKey(shard));
    return report ? (JSON.parse(report) as ShardReport) : undefined;
  }

  /** ms: `since` is of Redis' clock. */
  private async clock(): Promise<number> {
    const [seconds, micros] = await this.redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }
}

/** Nothing is guessed: without a report the pool is small as far as we know, and the wait unknown. */
function describe(attrs: string, waitedMs: number, report: ShardReport | undefined): Omit<SearchStatus, 'searchId'> {
  const facts = unpackFacts(attrs);
  const widenAfterMs = report?.widenAfterMs[classOf(facts)];
  return {
    waitedMs,
    estimatedWaitMs: report?.medianWaitMs[classOf(facts)] ?? null,
    poolSize: sizeWord(report?.waiting ?? 0),
    widened: widenAfterMs === undefined ? [] : wideningWords(facts, waitedMs, widenAfterMs),
  };
}

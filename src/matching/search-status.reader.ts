import { Inject, Injectable } from '@nestjs/common';
import type { SearchStatus } from '../contracts/state.dto.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { describeSearch } from './search-status.js';
import { SearchQueue } from './search-queue.js';
import { SearchRecords } from './search-records.js';
import type { SearchRecord } from './search-records.js';
import type { ProfileReport } from './shard-report.js';
import { reportKey } from './shard.keys.js';
import type { SearchPlace } from './search.types.js';
import { unpackFacts } from './ticket-packing.js';
import { profileKeyOf } from './waiting-profile.js';

type Status = SearchStatus & { since: string };

/** What waiting people are told, from what the runner last said of searches like theirs. */
@Injectable()
export class SearchStatusReader {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly queue: SearchQueue,
    private readonly records: SearchRecords,
  ) {}

  /** By user; those who do not search are absent. */
  async of(userIds: readonly string[]): Promise<Map<string, Status>> {
    const [nowMs, found] = await Promise.all([
      this.clock(),
      Promise.all(userIds.map((userId) => this.searchOf(userId))),
    ]);
    const searches = found.filter((search) => search !== undefined);
    const reports = await this.reportsOf(searches);
    return new Map(searches.map((search, i) => [search.userId, this.statusOf(search, reports[i], nowMs)]));
  }

  private async searchOf(userId: string): Promise<SearchRecord | undefined> {
    const record = this.records.of(userId);
    const remembered = record && (await this.searchAt(userId, record));
    if (remembered) return remembered;
    // Whoever has just come to this process is remembered from here on; also who was here before, and has begun a search elsewhere since.
    const home = await this.queue.homeOf(userId);
    const search = home && (await this.searchAt(userId, home));
    // Not over what has come meanwhile, by a start or an end.
    if (search && this.records.of(userId) === record) this.records.remember(search);
    return search;
  }

  private async searchAt(userId: string, { shard, searchId }: SearchPlace): Promise<SearchRecord | undefined> {
    const search = await this.queue.read({ shard, searchId });
    return search && { shard, searchId, ...search, userId };
  }

  private statusOf(search: SearchRecord, report: ProfileReport | undefined, nowMs: number): Status {
    const told = this.records.of(search.userId);
    const wasWidened = told?.isWidened === true && told.attrs === search.attrs;
    const { isWidened, ...status } = describeSearch(search, { report, wasWidened, nowMs });
    if (isWidened && !wasWidened) this.records.noteWidened(search.userId);
    return { searchId: search.searchId, since: new Date(search.sinceMs).toISOString(), ...status };
  }

  /** In the order of the searches, with one call for each shard. */
  private async reportsOf(searches: readonly SearchRecord[]): Promise<(ProfileReport | undefined)[]> {
    const reports: (ProfileReport | undefined)[] = [];
    for (const shard of new Set(searches.map((search) => search.shard))) {
      const places = [...searches.keys()].filter((i) => searches[i]!.shard === shard);
      const profiles = places.map((i) => profileKeyOf(unpackFacts(searches[i]!.attrs)));
      const lines = await this.redis.hmget(reportKey(shard), ...profiles);
      lines.forEach((line, at) => (reports[places[at]!] = line ? (JSON.parse(line) as ProfileReport) : undefined));
    }
    return reports;
  }

  /** ms: `since` is of Redis' clock. */
  private async clock(): Promise<number> {
    const [seconds, micros] = await this.redis.time();
    return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
  }
}

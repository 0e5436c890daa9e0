import { Injectable } from '@nestjs/common';
import { RedisEpoch } from '../platform/redis/redis-epoch.js';
import { AlreadyChatting } from './matching.errors.js';
import { SearchEntry } from './search-entry.js';
import { SearchQueue } from './search-queue.js';
import { SearchRecords } from './search-records.js';
import type { SearchRecord } from './search-records.js';
import { SEARCH_LEASE_MS } from './search.limits.js';

/** Searches whose leases are set in one call. */
const TOUCH_BATCH = 500;

/** Keeps the searches of the people who are connected here alive, and puts back those that Redis has forgotten or given up for dead. */
@Injectable()
export class SearchHeartbeat {
  constructor(
    private readonly queue: SearchQueue,
    private readonly records: SearchRecords,
    private readonly entry: SearchEntry,
    epoch: RedisEpoch,
  ) {
    epoch.onChange('searches', () => this.beat(this.records.users()));
  }

  async refresh(searchers: readonly string[]): Promise<void> {
    this.records.keepOnly(searchers);
    await Promise.all(searchers.filter((userId) => !this.records.of(userId)).map((userId) => this.adopt(userId)));
    await this.beat(searchers);
  }

  private async beat(userIds: readonly string[]): Promise<void> {
    const records = userIds.map((userId) => this.records.of(userId)).filter((record) => record !== undefined);
    const missing: SearchRecord[] = [];
    for (const shard of new Set(records.map((record) => record.shard))) {
      const searches = records.filter((record) => record.shard === shard);
      for (let i = 0; i < searches.length; i += TOUCH_BATCH)
        missing.push(...(await this.touch(shard, searches.slice(i, i + TOUCH_BATCH))));
    }
    await this.restore(missing);
  }

  /** A user who searches since before they came to this process. */
  private async adopt(userId: string): Promise<void> {
    const home = await this.queue.homeOf(userId);
    const search = home && (await this.queue.read(home));
    if (search) this.records.remember({ ...home, ...search, userId });
  }

  /** @returns those who wait, but not in Redis */
  private async touch(shard: string, searches: SearchRecord[]): Promise<SearchRecord[]> {
    const searchIds = searches.map((search) => search.searchId);
    const replies = await this.queue.touch(shard, searchIds, SEARCH_LEASE_MS);
    const having = (...wanted: (typeof replies)[number][]) => searches.filter((_, i) => wanted.includes(replies[i]!));
    for (const { userId } of having('ended')) this.records.forget(userId);
    const live = having('live');
    await Promise.all(live.map((search) => this.queue.keepHome(search)));
    // What the sweep does as well: this does not depend on a schedule that died with its worker.
    if (live.length > 0 && (await this.queue.wantRun(shard))) await this.entry.wake(shard);
    return having('unknown', 'lost');
  }

  /** Whoever talks by now was matched before Redis forgot it: their search stays away. */
  private async restore(missing: readonly SearchRecord[]): Promise<void> {
    const entries = await Promise.allSettled(missing.map((record) => this.entry.restore(record)));
    const fault = entries.find((entry) => entry.status === 'rejected' && !(entry.reason instanceof AlreadyChatting));
    if (fault?.status === 'rejected') throw fault.reason;
  }
}

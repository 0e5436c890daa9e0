import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { SearchStatus } from '../contracts/state.dto.js';
import { Unavailable } from '../platform/errors/stoa-error.js';
import { RequeueNotes } from './requeue-notes.js';
import { SearchEntry } from './search-entry.js';
import { SearchHeartbeat } from './search-heartbeat.js';
import { SearchQueue } from './search-queue.js';
import { SearchRecords } from './search-records.js';
import { SearchStatusReader } from './search-status.reader.js';
import type { EndOfSearch, LiveSearch, OwnedPlace, SearchInput } from './search.types.js';
import { shardOf } from './shard.js';
import { packAttributes } from './ticket-packing.js';

/** How long a cancel waits for a match under way to win or fail, and how often it looks (ms). */
const OUTCOME_PATIENCE_MS = 2_000;
const OUTCOME_LOOK_MS = 10;

/** A person's search: started once, kept alive, ended once. */
@Injectable()
export class SearchService {
  constructor(
    private readonly queue: SearchQueue,
    private readonly entry: SearchEntry,
    private readonly records: SearchRecords,
    private readonly heartbeat: SearchHeartbeat,
    private readonly statuses: SearchStatusReader,
    private readonly requeues: RequeueNotes,
  ) {}

  /** A live search keeps its id and place; other wishes take effect in it. @throws AlreadyChatting */
  async start(userId: string, input: SearchInput): Promise<LiveSearch> {
    const search = await this.entry.start({ userId, shard: shardOf(input.languages), attrs: packAttributes(input) });
    this.requeues.searched(userId);
    return search;
  }

  /** `matched`: a match was quicker; its conversation is open. */
  async cancel(userId: string): Promise<'cancelled' | 'not_searching' | 'matched'> {
    this.records.forget(userId);
    const home = await this.queue.homeOf(userId);
    if (!home) return 'not_searching';
    const deadline = performance.now() + OUTCOME_PATIENCE_MS;
    for (let waited = false; performance.now() < deadline; waited = true) {
      const reply = await this.end({ ...home, userId }, 'gave_up');
      if (reply === 'matched') return 'matched';
      if (reply !== 'claimed') return reply === 'cancelled' || waited ? 'cancelled' : 'not_searching';
      await sleep(OUTCOME_LOOK_MS);
    }
    throw new Unavailable();
  }

  /** Ends the search of a user who is gone. A match under way may still win; it is not waited for. */
  async drop(userId: string): Promise<void> {
    this.records.forget(userId);
    const home = await this.queue.homeOf(userId);
    if (home) await this.end({ ...home, userId }, 'lost');
  }

  /** The connection is over: unless its owner returns within `leaseMs`, the search is dropped, and taken to have ended now, for this reason. */
  async leave(userId: string, leaseMs: number, why: EndOfSearch): Promise<void> {
    const home = await this.queue.homeOf(userId);
    if (home) await this.queue.leave(home, leaseMs, why);
  }

  /** The owner is back: unless the search is refreshed, it is dropped after `leaseMs`. */
  async keep(userId: string, leaseMs: number): Promise<void> {
    const home = await this.queue.homeOf(userId);
    if (home) await this.queue.touch(home.shard, [home.searchId], leaseMs);
  }

  /** Every 3 s, with those who search here: keeps their searches alive, puts back those that Redis has forgotten, and lets go of all others. */
  refresh(searchers: readonly string[]): Promise<void> {
    return this.heartbeat.refresh(searchers);
  }

  /** Whether this process would put their search back if Redis forgot it. False: it is over, as far as is known here. */
  keeps(userId: string): boolean {
    return this.records.of(userId) !== undefined;
  }

  /** undefined when the user does not search. */
  async statusOf(userId: string): Promise<(SearchStatus & { since: string }) | undefined> {
    return (await this.statuses.of([userId])).get(userId);
  }

  /** Of those who search. */
  statusesOf(userIds: readonly string[]): Promise<Map<string, SearchStatus & { since: string }>> {
    return this.statuses.of(userIds);
  }

  private async end(place: OwnedPlace, why: EndOfSearch) {
    const reply = await this.queue.cancel(place, { why });
    if (reply !== 'claimed') await this.queue.leaveHome(place);
    return reply;
  }
}

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Busy } from '../platform/errors/stoa-error.js';
import { Log } from '../platform/logging/log.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { AvoidanceService } from '../safety/avoidance.service.js';
import { MatchRepository } from './match.repository.js';
import { AlreadyChatting } from './matching.errors.js';
import { matchingJobs } from './matching.jobs.js';
import { SearchQueue } from './search-queue.js';
import { SearchRecords } from './search-records.js';
import type { SearchRecord } from './search-records.js';
import type { LiveSearch, OwnedPlace, SearchPlace } from './search.types.js';

/** How often an entry meets the end of an older search before it gives up. */
const MOST_TRIES = 5;

/** The way into the pool, for a new search and for one that Redis has forgotten. */
@Injectable()
export class SearchEntry {
  constructor(
    private readonly queue: SearchQueue,
    private readonly records: SearchRecords,
    private readonly avoidance: AvoidanceService,
    private readonly matches: MatchRepository,
    private readonly producer: JobProducer,
    private readonly log: Log,
  ) {}

  /** The user waits after this, in the search that they had or in a new one that begins now. @throws AlreadyChatting, Busy */
  async start(wanted: Omit<SearchRecord, 'searchId' | 'sinceMs'>): Promise<LiveSearch> {
    const search = await this.enter({ ...wanted, searchId: randomUUID(), sinceMs: 0 }, 'started');
    if (!search) throw new Busy();
    return search;
  }

  /** Puts back what Redis has forgotten or given up for dead, unless its owner ends it or begins another meanwhile. @throws AlreadyChatting, Busy */
  async restore(lost: SearchRecord): Promise<void> {
    if (!(await this.enter(lost, 'restored')) && this.records.has(lost)) throw new Busy();
  }

  /**
   * `searchId` is the one that a new search gets first; one that was used before is never used again. Whoever ends the search after the
   * home was taken finds it there, and their cancel is the last word: only the record must not come back. undefined: it did not come in.
   */
  private async enter(wanted: SearchRecord, how: 'started' | 'restored'): Promise<LiveSearch | undefined> {
    const isWanted = () => how === 'started' || this.records.has(wanted);
    const avoidance = await this.avoidance.of(wanted.userId);
    let { searchId, sinceMs } = wanted;
    for (let tries = 0; tries < MOST_TRIES && isWanted(); tries += 1) {
      const home = await this.queue.takeHome(wanted.userId, { shard: wanted.shard, searchId });
      if (home.shard !== wanted.shard) {
        if (how === 'restored') return undefined;
        const moved = await this.leaveShard({ ...home, userId: wanted.userId });
        if (moved) {
          ({ searchId, sinceMs } = moved);
          continue;
        }
      }
      const record = { ...wanted, ...home, sinceMs };
      const reply = await this.queue.enqueue({ ...record, avoidance });
      if (reply.wake) void this.wake(home.shard);
      if (reply.status === 'new') await this.refuseWhoChats(record);
      if (reply.status === 'new' || reply.status === 'live') {
        if (isWanted()) this.records.remember({ ...record, sinceMs: reply.sinceMs });
        return { searchId: home.searchId, sinceMs: reply.sinceMs };
      }
      // `other`: the home was lost while its search lives; it is found again under its own id. `ended`: room for another.
      if (reply.status === 'other') await this.queue.keepHome({ ...record, searchId: reply.searchId });
      else await this.queue.leaveHome(record);
      searchId = randomUUID();
    }
    return undefined;
  }

  /**
   * The languages of a search now belong to another shard: there it goes on, with its id and its place. undefined: it is being matched
   * where it is, and stays there.
   */
  private async leaveShard(place: OwnedPlace): Promise<LiveSearch | undefined> {
    const search = await this.queue.read(place);
    // Not `gave_up`: nobody's patience is to be learnt from it.
    const reply = await this.queue.cancel(place, { why: 'lost' });
    if (reply === 'claimed') return undefined;
    await this.queue.leaveHome(place);
    const { searchId } = reply === 'cancelled' ? place : { searchId: randomUUID() };
    return { searchId, sinceMs: reply === 'cancelled' ? (search?.sinceMs ?? 0) : 0 };
  }

  /**
   * Asked after the search is there: a conversation that was opened before is seen now, and one that is opened later ends this search.
   * So nobody waits who talks, whatever the caller knew. A search that was matched within this moment is no refusal.
   */
  private async refuseWhoChats(record: SearchRecord): Promise<void> {
    if (!(await this.matches.isChatting(record.userId))) return;
    if ((await this.queue.cancel(record, { why: 'lost' })) !== 'cancelled') return;
    await this.queue.leaveHome(record);
    this.records.forget(record.userId);
    throw new AlreadyChatting();
  }

  /** Asks for a run of the shard. A wake-up that is lost costs at most a sweep, or a heartbeat of anybody who waits. */
  async wake(shard: SearchPlace['shard']): Promise<void> {
    await this.producer
      .add(matchingJobs, 'shard.run', { shard })
      .catch((error: unknown) => this.log.warn({ event: 'matching.wake_failed', shard, err: error }));
  }
}

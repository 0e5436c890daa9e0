import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ClaimDesk } from '../../src/matching/claim-desk.js';
import type { Fate } from '../../src/matching/claim.types.js';
import { SearchQueue } from '../../src/matching/search-queue.js';
import { ShardFeed } from '../../src/matching/shard-feed.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import {
  avoidKey,
  blockKey,
  leasesKey,
  runnerKey,
  ticketKey,
  userKey,
  waitingKey,
} from '../../src/matching/shard.keys.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import type { Avoidance } from '../../src/safety/avoidance.types.js';
import type { MatchingProcess } from './matching-stage.js';

const NOBODY: Avoidance = { blocked: [], recent: [] };
const ATTRS = '[3,1,[155],[],0,0]';
/** ms */
export const SOON = 60_000;

export interface Search {
  readonly searchId: string;
  readonly userId: string;
  readonly version: number;
}

/** A shard of its own, and short words for what is done and looked at in it. */
export class ContractShard {
  readonly shard = `t${randomUUID().slice(0, 8)}`;
  readonly queue: SearchQueue;
  readonly desk: ClaimDesk;
  readonly feed: ShardFeed;
  readonly redis: RedisClient;
  /** What the mirror has learnt of ends: `searchId how`, and when (ms). */
  readonly departures: string[] = [];
  departedAtMs = 0;
  readonly mirror = new ShardMirror({
    onDeparture: ({ searchId }, how, atMs) => {
      this.departures.push(`${searchId} ${how}`);
      this.departedAtMs = atMs;
    },
  });
  readonly runner = 'contract';

  constructor({ app, redis }: MatchingProcess) {
    this.queue = app.get(SearchQueue, { strict: false });
    this.desk = app.get(ClaimDesk, { strict: false });
    this.feed = app.get(ShardFeed, { strict: false });
    this.redis = redis;
  }

  async enter(avoidance: Avoidance = NOBODY): Promise<Search> {
    const search = { searchId: randomUUID(), userId: randomUUID(), version: 1 };
    const { status } = await this.put(search, { avoidance });
    assert.equal(status, 'new');
    return search;
  }

  put(search: Pick<Search, 'searchId' | 'userId'>, { attrs = ATTRS, sinceMs = 0, avoidance = NOBODY } = {}) {
    return this.queue.enqueue({ ...search, shard: this.shard, attrs, sinceMs, avoidance });
  }

  end(search: Search, onlyIfDead = false) {
    return this.queue.cancel({ ...search, shard: this.shard }, { why: 'gave_up', onlyIfDead });
  }

  async claim(...pairs: [Search, Search][]) {
    return this.desk.claim(
      this.shard,
      pairs.map(([a, b]) => ({ a, b })),
    );
  }

  async replyTo(a: Search, b: Search): Promise<string> {
    const [answer] = await this.claim([a, b]);
    return answer!.reply;
  }

  conclude(claimId: string, fates: [Search, Fate][]) {
    return this.desk.conclude(
      this.shard,
      fates.map(([search, fate]) => ({ ...search, claimId, fate })),
    );
  }

  field(search: Search, name: string): Promise<string | null> {
    return this.redis.hget(ticketKey(this.shard, search.searchId), name);
  }

  leaseOf(search: Search): Promise<string | null> {
    return this.redis.zscore(leasesKey(this.shard), search.searchId);
  }

  async die(search: Search): Promise<void> {
    await this.redis.zadd(leasesKey(this.shard), 1, search.searchId);
  }

  /** Nothing of it is left but the mark of its end. */
  async isGone(search: Search): Promise<void> {
    assert.ok(['X', 'M'].includes((await this.field(search, 'state')) ?? ''), 'an end is remembered');
    assert.ok((await this.redis.pttl(ticketKey(this.shard, search.searchId))) > 0, 'for a while');
    assert.equal(await this.redis.zscore(waitingKey(this.shard), search.searchId), null);
    assert.equal(await this.leaseOf(search), null);
    for (const key of [userKey, avoidKey, blockKey])
      assert.equal(await this.redis.exists(key(this.shard, search.userId)), 0);
  }

  /** The mirror that follows the deltas has exactly these. */
  async mirrored(...searches: Search[]): Promise<void> {
    await this.redis.set(runnerKey(this.shard), this.runner);
    assert.equal(await this.feed.follow(this.shard, this.mirror, this.runner), true);
    const seen = [...this.mirror.pool.tickets()].map(({ searchId, version }) => `${searchId} ${version}`);
    assert.deepEqual(seen.toSorted(), searches.map(({ searchId, version }) => `${searchId} ${version}`).toSorted());
  }
}

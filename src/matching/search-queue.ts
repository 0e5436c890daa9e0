import { Inject, Injectable } from '@nestjs/common';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import type { Avoidance } from '../safety/avoidance.types.js';
import { noteTrace } from './search-traces.js';
import { DELTAS_KEPT, HOME_TTL_MS, RUNNER_LEASE_MS, SEARCH_LEASE_MS, TOMBSTONE_MS } from './search.limits.js';
import {
  blockScript,
  cancelScript,
  enqueueScript,
  leaveHomeScript,
  leaveScript,
  touchScript,
  unblockScript,
} from './search.scripts.js';
import type { CancelReply, EndOfSearch, OwnedPlace, SearchPlace } from './search.types.js';
import {
  avoidKey,
  blockKey,
  deltasKey,
  homeKey,
  leasesKey,
  runnerKey,
  ticketKey,
  userKey,
  waitingKey,
} from './shard.keys.js';

interface Enqueue extends OwnedPlace {
  /** From `packAttributes`. */
  readonly attrs: string;
  /** ms of the shard's clock; 0: now. */
  readonly sinceMs: number;
  readonly avoidance: Avoidance;
}

interface Cancel {
  readonly why: EndOfSearch;
  /** Only when its lease has run out. */
  readonly onlyIfDead?: boolean;
}

/** A ticket that is in the pool or in a claim. */
interface StoredSearch {
  readonly sinceMs: number;
  readonly attrs: string;
}

/** The searches' side of the pool in Redis: arriving, staying, leaving. */
@Injectable()
export class SearchQueue {
  constructor(@Inject(REDIS) private readonly redis: RedisClient) {}

  enqueue({ shard, searchId, userId, attrs, sinceMs, avoidance }: Enqueue) {
    noteTrace(this.redis, { shard, searchId });
    const keys = [
      ticketKey(shard, searchId),
      userKey(shard, userId),
      waitingKey(shard),
      leasesKey(shard),
      deltasKey(shard),
      runnerKey(shard),
      avoidKey(shard, userId),
      blockKey(shard, userId),
    ];
    const { blocked, recent } = avoidance;
    const lists = [blocked.length, ...blocked, ...recent.flatMap(({ userId: other, untilMs }) => [other, untilMs])];
    const limits = [SEARCH_LEASE_MS, RUNNER_LEASE_MS, DELTAS_KEPT];
    return enqueueScript.run(this.redis, keys, [searchId, userId, attrs, sinceMs, ...limits, ...lists]);
  }

  cancel({ shard, searchId, userId }: OwnedPlace, { why, onlyIfDead = false }: Cancel): Promise<CancelReply> {
    const keys = [
      ticketKey(shard, searchId),
      userKey(shard, userId),
      waitingKey(shard),
      leasesKey(shard),
      deltasKey(shard),
      avoidKey(shard, userId),
      blockKey(shard, userId),
    ];
    return cancelScript.run(this.redis, keys, [
      searchId,
      why,
      onlyIfDead ? 1 : 0,
      TOMBSTONE_MS,
      DELTAS_KEPT,
      SEARCH_LEASE_MS,
    ]);
  }

  /** The owner has left: unless they return within `leaseMs`, the search ends for this reason. False when it is over. */
  async leave({ shard, searchId }: SearchPlace, leaseMs: number, why: EndOfSearch): Promise<boolean> {
    const keys = [ticketKey(shard, searchId), leasesKey(shard), deltasKey(shard)];
    return (await leaveScript.run(this.redis, keys, [searchId, leaseMs, why, DELTAS_KEPT])) === 1;
  }

  /** Sets the leases of searches of one shard anew; answers in their order. */
  touch(shard: string, searchIds: readonly string[], leaseMs: number) {
    const keys = [leasesKey(shard), deltasKey(shard), ...searchIds.map((searchId) => ticketKey(shard, searchId))];
    return touchScript.run(this.redis, keys, [leaseMs, DELTAS_KEPT, ...searchIds]);
  }

  /** True when nobody runs the shard, and the caller has to ask for a run. */
  async wantRun(shard: string): Promise<boolean> {
    return (await this.redis.set(runnerKey(shard), 'wanted', 'PX', RUNNER_LEASE_MS, 'NX')) === 'OK';
  }

  /** undefined when it does not live, or will not outlive the claim that it is in. */
  async read({ shard, searchId }: SearchPlace): Promise<StoredSearch | undefined> {
    const key = ticketKey(shard, searchId);
    const [state, sinceMs, attrs, quit] = await this.redis.hmget(key, 'state', 'since', 'attrs', 'quit');
    if ((state !== 'W' && state !== 'C') || !attrs || quit) return undefined;
    return { sinceMs: Number(sinceMs), attrs };
  }

  /** Whose search it is; undefined when it does not live. */
  async ownerOf({ shard, searchId }: SearchPlace): Promise<string | undefined> {
    return (await this.redis.hget(ticketKey(shard, searchId), 'user')) ?? undefined;
  }

  /** Where the user searches already, or from now on at `place`. */
  async takeHome(userId: string, place: SearchPlace): Promise<SearchPlace> {
    const before = await this.redis.set(homeKey(userId), textOf(place), 'PX', HOME_TTL_MS, 'NX', 'GET');
    return before ? placeOf(before) : place;
  }

  async homeOf(userId: string): Promise<SearchPlace | undefined> {
    const home = await this.redis.get(homeKey(userId));
    return home ? placeOf(home) : undefined;
  }

  /** The home is there for as long as the lease is: written first, it outlives it. */
  async keepHome({ userId, ...place }: OwnedPlace): Promise<void> {
    await this.redis.set(homeKey(userId), textOf(place), 'PX', HOME_TTL_MS);
  }

  /** False when the user searches elsewhere, or nowhere. */
  async leaveHome({ userId, ...place }: OwnedPlace): Promise<boolean> {
    return (await leaveHomeScript.run(this.redis, [homeKey(userId)], [textOf(place)])) === 1;
  }

  /** From now on the claim keeps the two apart. */
  async block({ shard, searchId, userId }: OwnedPlace, otherId: string): Promise<void> {
    const keys = [ticketKey(shard, searchId), blockKey(shard, userId), deltasKey(shard)];
    await blockScript.run(this.redis, keys, [searchId, otherId, DELTAS_KEPT]);
  }

  /** From now on only a recent conversation keeps the two apart. */
  async unblock({ shard, searchId, userId }: OwnedPlace, otherId: string): Promise<void> {
    const keys = [ticketKey(shard, searchId), blockKey(shard, userId), deltasKey(shard)];
    await unblockScript.run(this.redis, keys, [searchId, otherId, DELTAS_KEPT]);
  }
}

const textOf = ({ shard, searchId }: SearchPlace): string => `${shard}:${searchId}`;

function placeOf(home: string): SearchPlace {
  const colon = home.indexOf(':');
  return { shard: home.slice(0, colon), searchId: home.slice(colon + 1) };
}

import { isDeepStrictEqual } from 'node:util';
import type { Claim } from '../../src/matching/claim.types.js';
import { ShardFeed } from '../../src/matching/shard-feed.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import { claimsKey, leasesKey, runnerKey, waitingKey } from '../../src/matching/shard.keys.js';
import { allShards } from '../../src/matching/shard.js';
import type { ProposedPair } from '../../src/matching/ticket.types.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { hold } from './matching-model.truth.js';
import type { ModelTruth } from './matching-model.truth.js';
import type { MatchingProcess } from './matching-stage.js';

export const SHARD = allShards()[0]!;

/** A live search as Redis has it. */
export interface Waiting {
  searchId: string;
  userId: string;
  state: string;
  version: number;
  sinceMs: number;
  attrs: string;
  /** The claim that it is in, or was in and has not been parted from. */
  claim: string | null;
}

/** What workers have under way, and what they did. */
interface Matching {
  /** Claims that nobody concluded yet. */
  unresolved(): readonly Claim[];
  /** Searches whose pair talks or talked, by id. */
  readonly matched: ReadonlyMap<string, string>;
}

/** What is known of a moment: the searches just before a claim; those that were dead then, and still are; whom their owners knew to have met. */
interface Moment {
  readonly now: ReadonlyMap<string, Waiting>;
  readonly dead: readonly string[];
  readonly known: ReadonlyMap<string, readonly string[]>;
}

/** Looks at Redis and says which promise is broken. */
export class ModelView {
  readonly redis: RedisClient;
  private readonly feed: ShardFeed;
  /** Searches that the mirror had at the end of a round, and those of whose end without a match it heard. */
  private readonly mirrored = new Set<string>();
  private readonly departed = new Set<string>();
  /** Follows the deltas from the first to the last. */
  private readonly mirror = new ShardMirror({ onDeparture: ({ searchId }) => this.departed.add(searchId) });
  private readonly firstSince = new Map<string, number>();

  constructor(
    api: MatchingProcess,
    private readonly truth: ModelTruth,
  ) {
    this.redis = api.redis;
    this.feed = api.app.get(ShardFeed, { strict: false });
  }

  /** Redis forgot everything: so does whoever learns from the deltas. */
  flushed(): void {
    this.mirrored.clear();
    this.departed.clear();
  }

  async tickets(): Promise<Map<string, Waiting>> {
    const prefix = `stoa:{mm:${SHARD}}:ticket:`;
    const keys = await this.redis.keys(`${prefix}*`);
    const rows = await Promise.all(
      keys.map((key) => this.redis.hmget(key, 'state', 'user', 'version', 'since', 'attrs', 'claim')),
    );
    const live = rows.flatMap(([state, userId, version, since, attrs, claim], i): Waiting[] =>
      state === 'W' || state === 'C'
        ? [
            {
              searchId: keys[i]!.slice(prefix.length),
              userId: userId!,
              state,
              version: Number(version),
              sinceMs: Number(since),
              attrs: attrs!,
              claim: claim ?? null,
            },
          ]
        : [],
    );
    return new Map(live.map((ticket) => [ticket.searchId, ticket]));
  }

  /** What must hold whenever nothing is under way. `wishes`: what was wished last, by user, as far as it is known. */
  async check(matching: Matching, wishes: ReadonlyMap<string, string>): Promise<void> {
    const tickets = await this.tickets();
    const ids = [...tickets.keys()].toSorted();
    const users = [...tickets.values()].map(({ userId }) => userId);
    hold('one live search per user', new Set(users).size === users.length);
    this.same('the waiting index is the searches in W or C', (await this.members(waitingKey(SHARD))).toSorted(), ids);
    this.same('everybody has a lease', (await this.members(leasesKey(SHARD))).toSorted(), ids);
    await this.checkKeysOf(tickets);
    await this.checkClaims(tickets, matching.unresolved());
    await this.checkMirrors(tickets);
    for (const { searchId, userId, sinceMs, state, attrs } of tickets.values()) {
      this.same('the last wishes are those that count', attrs, wishes.get(userId) ?? attrs);
      hold('a search is matched at most once', state !== 'W' || !matching.matched.has(searchId));
      const first = this.firstSince.get(searchId) ?? sinceMs;
      this.firstSince.set(searchId, first);
      this.same('since is kept', sinceMs, first);
    }
    await this.truth.check();
  }

  private async checkKeysOf(tickets: Map<string, Waiting>): Promise<void> {
    const prefix = `stoa:{mm:${SHARD}}:`;
    const holders = await this.redis.keys(`${prefix}user:*`);
    const found = await Promise.all(holders.map((key) => this.redis.get(key)));
    const expected = [...tickets.values()].map(({ userId, searchId }) => `${prefix}user:${userId} ${searchId}`);
    this.same('user keys', holders.map((key, i) => `${key} ${found[i]}`).toSorted(), expected.toSorted());
    const waiting = new Set([...tickets.values()].map(({ userId }) => userId));
    for (const kind of ['block', 'avoid'])
      for (const key of await this.redis.keys(`${prefix}${kind}:*`))
        hold(`${kind} lists end with the search`, waiting.has(key.slice(prefix.length + kind.length + 1)));
  }

  private async checkClaims(tickets: Map<string, Waiting>, unresolved: readonly Claim[]): Promise<void> {
    const leased = new Set(await this.members(claimsKey(SHARD)));
    const open = new Set(unresolved.map(({ claimId }) => claimId));
    const claims = new Set<string>();
    for (const { state, claim } of tickets.values()) {
      hold('in a claim, or waiting', (state === 'C') === (claim !== null));
      if (claim) hold('every claimed search has a lease that ends', leased.has(claim));
      if (claim) hold('nobody is held by a concluded claim', open.has(claim));
      if (claim) claims.add(claim);
    }
    for (const claim of leased) hold('no claim outlives its searches', claims.has(claim));
    for (const { claimId, pair } of unresolved)
      for (const { searchId } of [pair.a, pair.b])
        this.same('a claim keeps its searches', tickets.get(searchId)?.claim, claimId);
  }

  /** The fold of the deltas, and a mirror built now, are the searches in W. */
  private async checkMirrors(tickets: Map<string, Waiting>): Promise<void> {
    const built = new ShardMirror();
    for (const mirror of [this.mirror, built]) {
      await this.redis.del(runnerKey(SHARD));
      await this.feed.follow(SHARD, mirror, 'model');
      const seen = [...mirror.pool.tickets()].map(({ searchId, version, sinceMs }) => [searchId, version, sinceMs]);
      const waiting = [...tickets.values()].filter(({ state }) => state === 'W');
      const expected = waiting.map(({ searchId, version, sinceMs }) => [searchId, version, sinceMs]);
      this.same(mirror === built ? 'a built mirror' : 'the fold of the deltas', sorted(seen), sorted(expected));
    }
    await this.redis.del(runnerKey(SHARD));
    for (const { searchId } of this.mirror.pool.tickets()) this.mirrored.add(searchId);
  }

  /** Of what has ended only a mark is left, for a while; and whoever learns from the deltas heard of each end without a match. */
  async checkEnds(): Promise<void> {
    const prefix = `stoa:{mm:${SHARD}}:ticket:`;
    for (const key of await this.redis.keys(`${prefix}*`)) {
      const [state, ttlMs] = await Promise.all([this.redis.hget(key, 'state'), this.redis.pttl(key)]);
      if (state === 'W' || state === 'C') continue;
      hold('the mark of an end is forgotten', ttlMs > 0);
      const searchId = key.slice(prefix.length);
      if (state === 'X' && this.mirrored.has(searchId)) hold('every end is told', this.departed.has(searchId));
    }
  }

  /** Searches whose people have not been heard of for too long. */
  deadSearches(): Promise<string[]> {
    return this.redis.zrange(leasesKey(SHARD), '-inf', '1', 'BYSCORE');
  }

  /** This person has not been heard of for too long. */
  async endLeaseOf(user: string): Promise<void> {
    const search = [...(await this.tickets()).values()].find(({ userId }) => userId === user);
    if (search) await this.redis.zadd(leasesKey(SHARD), 'XX', 1, search.searchId);
  }

  /** Claimed although it must not be. A search that is older than a conversation may not know of it: then Postgres refuses the pair. */
  checkClaimed({ a, b }: ProposedPair, { now, dead, known }: Moment): void {
    hold('nobody meets themselves', a.userId !== b.userId);
    const { apart } = this.truth;
    hold('never who is blocked', !(apart.includes(a.userId) && apart.includes(b.userId)));
    const haveMet = known.get(a.userId)?.includes(b.userId) ?? false;
    hold('never a recent partner', !haveMet && !known.get(b.userId)?.includes(a.userId));
    for (const { searchId, version } of [a, b]) {
      hold('nobody who is dead', !dead.includes(searchId));
      const stored = now.get(searchId);
      if (stored) hold('claimed only on the current version', stored.version <= version);
    }
  }

  private members(key: string): Promise<string[]> {
    return this.redis.zrange(key, '0', '-1');
  }

  private same(promise: string, seen: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(seen, expected))
      throw new Error(`broken: ${promise}: ${brief(seen)} instead of ${brief(expected)}`);
  }
}

const sorted = (rows: unknown[][]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();

const brief = (value: unknown): string => JSON.stringify(value)?.slice(0, 500) ?? 'nothing';

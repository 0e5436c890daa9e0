import { isDeepStrictEqual } from 'node:util';
import type { Claim } from '../../src/matching/claim.types.js';
import { ShardFeed } from '../../src/matching/shard-feed.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import { claimsKey, leasesKey, runnerKey, waitingKey } from '../../src/matching/shard.keys.js';
import { allShards } from '../../src/matching/shard.js';
import type { ProposedPair } from '../../src/matching/ticket.types.js';
import type { Database } from '../../src/platform/postgres/database.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import type { MatchingProcess } from './matching-stage.js';

export const SHARD = allShards()[0]!;

/** A live search as Redis has it. */
export interface Waiting {
  searchId: string;
  userId: string;
  state: string;
  version: number;
  sinceMs: number;
  /** The claim that it is in, or was in and has not been parted from. */
  claim: string | null;
}

/** Looks at both stores and says which promise is broken. */
export class ModelView {
  readonly redis: RedisClient;
  readonly database: Database;
  private readonly feed: ShardFeed;
  /** Follows the deltas from the first to the last. */
  private mirror = new ShardMirror();
  private readonly firstSince = new Map<string, number>();
  /** The two of whom one had blocked the other before the history began; they never met. */
  private apart: readonly string[] = [];

  constructor(api: MatchingProcess) {
    this.redis = api.redis;
    this.database = api.database;
    this.feed = api.app.get(ShardFeed, { strict: false });
  }

  async tickets(): Promise<Map<string, Waiting>> {
    const prefix = `stoa:{mm:${SHARD}}:ticket:`;
    const keys = await this.redis.keys(`${prefix}*`);
    const rows = await Promise.all(
      keys.map((key) => this.redis.hmget(key, 'state', 'user', 'version', 'since', 'claim')),
    );
    const live = rows.flatMap(([state, userId, version, since, claim], i): Waiting[] =>
      state === 'W' || state === 'C'
        ? [
            {
              searchId: keys[i]!.slice(prefix.length),
              userId: userId!,
              state,
              version: Number(version),
              sinceMs: Number(since),
              claim: claim ?? null,
            },
          ]
        : [],
    );
    return new Map(live.map((ticket) => [ticket.searchId, ticket]));
  }

  /** What must hold whenever nothing is under way. */
  async check(unresolved: readonly Claim[]): Promise<void> {
    const tickets = await this.tickets();
    const ids = [...tickets.keys()].toSorted();
    const users = [...tickets.values()].map(({ userId }) => userId);
    this.hold('one live search per user', new Set(users).size === users.length);
    this.same('the waiting index is the searches in W or C', (await this.members(waitingKey(SHARD))).toSorted(), ids);
    this.same('everybody has a lease', (await this.members(leasesKey(SHARD))).toSorted(), ids);
    await this.checkKeysOf(tickets);
    await this.checkClaims(tickets, unresolved);
    await this.checkMirrors(tickets);
    for (const { searchId, sinceMs } of tickets.values()) {
      const first = this.firstSince.get(searchId) ?? sinceMs;
      this.firstSince.set(searchId, first);
      this.same('since is kept', sinceMs, first);
    }
    const [twice] = await this.database.query('SELECT FROM participations GROUP BY user_id HAVING count(*) > 1');
    this.hold('nobody talks twice', twice === undefined);
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
        this.hold(`${kind} lists end with the search`, waiting.has(key.slice(prefix.length + kind.length + 1)));
  }

  private async checkClaims(tickets: Map<string, Waiting>, unresolved: readonly Claim[]): Promise<void> {
    const leased = new Set(await this.members(claimsKey(SHARD)));
    const claims = new Set<string>();
    for (const { state, claim } of tickets.values()) {
      this.hold('in a claim, or waiting', (state === 'C') === (claim !== null));
      if (claim) this.hold('every claimed search has a lease that ends', leased.has(claim));
      if (claim) claims.add(claim);
    }
    for (const claim of leased) this.hold('no claim outlives its searches', claims.has(claim));
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
  }

  /** Searches whose people have not been heard of for too long. */
  deadSearches(): Promise<string[]> {
    return this.redis.zrange(leasesKey(SHARD), '-inf', '1', 'BYSCORE');
  }

  /** Claimed although it must not be. `now`: the searches just before the claim; `dead`: those that were dead then, and still are. */
  async checkClaimed({ a, b }: ProposedPair, now: Map<string, Waiting>, dead: readonly string[]): Promise<void> {
    this.hold('nobody meets themselves', a.userId !== b.userId);
    this.hold('never who is blocked', !(this.apart.includes(a.userId) && this.apart.includes(b.userId)));
    this.hold('never a recent partner', !(await this.haveMetLately(a.userId, b.userId)));
    for (const { searchId, version } of [a, b]) {
      this.hold('nobody who is dead', !dead.includes(searchId));
      const stored = now.get(searchId);
      if (stored) this.hold('claimed only on the current version', stored.version <= version);
    }
  }

  async meetLately(userA: string, userB: string): Promise<void> {
    await this.database.query(
      `WITH c AS (INSERT INTO conversations (started_on, ended_at, end_reason, delete_after) VALUES (current_date, now(), 'left', now() + interval '1 day') RETURNING id)
       INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, age_band, languages)
       SELECT c.id, m.slot, m.user_id, 'h-met-lately-' || substr(md5(c.id::text || m.user_id::text), 1, 9), 'Stranger', '25-34', '{en}' FROM c, (VALUES (0, $1::uuid), (1, $2::uuid)) AS m (slot, user_id)`,
      [userA, userB],
    );
  }

  async block(blocker: string, blocked: string): Promise<void> {
    this.apart = [blocker, blocked];
    await this.database.query(
      `INSERT INTO blocks (id, blocker_id, blocked_id, nickname) VALUES (gen_random_uuid(), $1, $2, 'Stranger')`,
      [...this.apart],
    );
  }

  private async haveMetLately(a: string, b: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT FROM conversation_members x JOIN conversation_members y ON y.conversation_id = x.conversation_id
         JOIN conversations c ON c.id = x.conversation_id
        WHERE x.user_id = $1 AND y.user_id = $2 AND c.ended_at < now() - interval '50 milliseconds'`,
      [a, b],
    );
    return rows.length > 0;
  }

  /** What `userId` calls a conversation with `other`. */
  async handleWith(userId: string, other: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ handle: string }>(
      `SELECT x.handle FROM conversation_members x JOIN conversation_members y ON y.conversation_id = x.conversation_id
        WHERE x.user_id = $1 AND y.user_id = $2 LIMIT 1`,
      [userId, other],
    );
    return row?.handle;
  }

  /** Whether this person was in a conversation that began by a match. */
  async everTalked(userId: string): Promise<boolean> {
    const rows = await this.database.query(
      `SELECT FROM conversation_members WHERE user_id = $1 AND handle NOT LIKE 'h-met-lately-%'`,
      [userId],
    );
    return rows.length > 0;
  }

  private members(key: string): Promise<string[]> {
    return this.redis.zrange(key, '0', '-1');
  }

  private hold(promise: string, holds: boolean): void {
    if (!holds) throw new Error(`broken: ${promise}`);
  }

  private same(promise: string, seen: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(seen, expected))
      throw new Error(`broken: ${promise}: ${brief(seen)} instead of ${brief(expected)}`);
  }
}

const sorted = (rows: unknown[][]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();

const brief = (value: unknown): string => JSON.stringify(value)?.slice(0, 500) ?? 'nothing';

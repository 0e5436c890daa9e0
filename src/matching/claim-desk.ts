import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { claimIdOf } from './claim.types.js';
import type { ClaimedSearch, Fate } from './claim.types.js';
import { CLAIM_BATCH, CLAIM_LEASE_MS, DELTAS_KEPT, TOMBSTONE_MS } from './search.limits.js';
import { claimScript, releaseScript, settleScript } from './search.scripts.js';
import type { ClaimReply } from './search.scripts.js';
import { avoidKey, blockKey, claimsKey, deltasKey, leasesKey, ticketKey, userKey, waitingKey } from './shard.keys.js';
import type { ProposedPair } from './ticket.types.js';

/** The order in which fates are concluded: whoever talks first. */
const RANK: Readonly<Record<Fate, number>> = { settle: 0, met: 1, release: 2 };

/** What a claim needs to know of a search. */
type Claimable = Pick<ProposedPair['a'], 'searchId' | 'userId' | 'version'>;

export interface ClaimablePair {
  readonly a: Claimable;
  readonly b: Claimable;
}

/** Takes pairs out of the pool, and ends or returns what was taken. */
@Injectable()
export class ClaimDesk {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly log: Log,
  ) {}

  /**
   * One answer per pair, in their order; `claimId` counts only when the reply is `claimed`. Where a later batch fails, the answers to those
   * before it: what they claimed is out of the pool.
   */
  async claim<Pair extends ClaimablePair>(
    shard: string,
    pairs: readonly Pair[],
  ): Promise<{ pair: Pair; claimId: string; reply: ClaimReply }[]> {
    const answers = [];
    for (let i = 0; i < pairs.length; i += CLAIM_BATCH) {
      try {
        answers.push(...(await this.claimBatch(shard, pairs.slice(i, i + CLAIM_BATCH))));
      } catch (error) {
        if (i === 0) throw error;
        this.log.warn({ event: 'matching.claims_cut_short', shard, pairs: pairs.length - i, err: error });
        break;
      }
    }
    return answers;
  }

  /** Ends the searches that are to end, then releases what is left; the claims are concluded with the last of their searches. */
  async conclude(shard: string, searches: readonly (ClaimedSearch & { fate: Fate })[]): Promise<void> {
    const inOrder = searches.toSorted((x, y) => RANK[x.fate] - RANK[y.fate]);
    const last = new Map(inOrder.map(({ claimId }, i) => [claimId, i]));
    const flagged = inOrder.map((search, i) => ({ ...search, concludes: last.get(search.claimId) === i }));
    const having = (fate: Fate) => flagged.filter((search) => search.fate === fate);
    const met = having('met');
    await this.settle(shard, having('settle'), false);
    // Not yet concluded: those who have started again are released with the others.
    await this.settle(
      shard,
      met.map((search) => ({ ...search, concludes: false })),
      true,
    );
    for (const batch of batchesOf([...met, ...having('release')]))
      await releaseScript.run(this.redis, keysOf(shard, batch), [TOMBSTONE_MS, DELTAS_KEPT, ...batch.flatMap(wordsOf)]);
  }

  private async settle(shard: string, searches: readonly Concluded[], unlessAgain: boolean): Promise<void> {
    for (const batch of batchesOf(searches)) {
      const args = [TOMBSTONE_MS, DELTAS_KEPT, unlessAgain ? 1 : 0, ...batch.flatMap(wordsOf)];
      await settleScript.run(this.redis, keysOf(shard, batch), args);
    }
  }

  private async claimBatch<Pair extends ClaimablePair>(shard: string, pairs: readonly Pair[]) {
    const nonce = randomUUID().slice(0, 8);
    const claims = pairs.map((pair) => ({ pair, claimId: claimIdOf(pair.a.searchId, pair.b.searchId, nonce) }));
    const keys = pairs.flatMap(({ a, b }) => [
      ...[a, b].map(({ searchId }) => ticketKey(shard, searchId)),
      ...[a, b].map(({ userId }) => avoidKey(shard, userId)),
      ...[a, b].map(({ userId }) => blockKey(shard, userId)),
    ]);
    const args = claims.flatMap(({ claimId, pair }) => [claimId, ...sideOf(pair.a), ...sideOf(pair.b)]);
    const shared = [claimsKey(shard), leasesKey(shard), deltasKey(shard)];
    const replies = await claimScript.run(this.redis, [...shared, ...keys], [CLAIM_LEASE_MS, DELTAS_KEPT, ...args]);
    return claims.map((claim, i) => ({ ...claim, reply: replies[i]! }));
  }
}

interface Concluded extends ClaimedSearch {
  /** The last of its claim. */
  readonly concludes: boolean;
}

function batchesOf(searches: readonly Concluded[]): Concluded[][] {
  const batches = [];
  for (let i = 0; i < searches.length; i += 2 * CLAIM_BATCH) batches.push(searches.slice(i, i + 2 * CLAIM_BATCH));
  return batches;
}

/** What settle and release need of each search, after the keys of the shard. */
const keysOf = (shard: string, batch: readonly Concluded[]): string[] => [
  waitingKey(shard),
  leasesKey(shard),
  claimsKey(shard),
  deltasKey(shard),
  ...batch.flatMap(({ searchId, userId }) => [
    ticketKey(shard, searchId),
    userKey(shard, userId),
    avoidKey(shard, userId),
    blockKey(shard, userId),
  ]),
];

const wordsOf = ({ searchId, claimId, concludes }: Concluded) => [searchId, claimId, concludes ? 1 : 0];

const sideOf = ({ searchId, version, userId }: Claimable) => [searchId, version, userId];

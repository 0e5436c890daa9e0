import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { claimIdOf } from './claim.types.js';
import type { ClaimedSearch, Fate } from './claim.types.js';
import { CLAIM_BATCH, CLAIM_LEASE_MS, DELTAS_KEPT, TOMBSTONE_MS } from './search.limits.js';
import { claimScript, releaseScript, settleScript } from './search.scripts.js';
import type { ClaimReply } from './search.scripts.js';
import { avoidKey, blockKey, claimsKey, deltasKey, leasesKey, ticketKey, userKey, waitingKey } from './shard.keys.js';
import type { ProposedPair } from './ticket.types.js';

/** What a claim needs to know of a search. */
type Claimable = Pick<ProposedPair['a'], 'searchId' | 'userId' | 'version'>;

export interface ClaimablePair {
  readonly a: Claimable;
  readonly b: Claimable;
}

/** Takes pairs out of the pool, and ends or returns what was taken. */
@Injectable()
export class ClaimDesk {
  constructor(@Inject(REDIS) private readonly redis: RedisClient) {}

  /** One answer per pair, in their order; `claimId` counts only when the reply is `claimed`. */
  async claim<Pair extends ClaimablePair>(
    shard: string,
    pairs: readonly Pair[],
  ): Promise<{ pair: Pair; claimId: string; reply: ClaimReply }[]> {
    const answers = [];
    for (let i = 0; i < pairs.length; i += CLAIM_BATCH)
      answers.push(...(await this.claimBatch(shard, pairs.slice(i, i + CLAIM_BATCH))));
    return answers;
  }

  /** Ends the searches that are to be settled, then releases the others; the claims are concluded with the last of their searches. */
  async conclude(shard: string, searches: readonly (ClaimedSearch & { fate: Fate })[]): Promise<void> {
    const inOrder = searches.toSorted((x, y) => Number(x.fate === 'release') - Number(y.fate === 'release'));
    const last = new Map(inOrder.map(({ claimId }, i) => [claimId, i]));
    const flagged = inOrder.map((search, i) => ({ ...search, concludes: last.get(search.claimId) === i }));
    for (const fate of ['settle', 'release'] as const) {
      const script = fate === 'settle' ? settleScript : releaseScript;
      const own = flagged.filter((search) => search.fate === fate);
      for (let i = 0; i < own.length; i += 2 * CLAIM_BATCH) {
        const batch = own.slice(i, i + 2 * CLAIM_BATCH);
        const keys = batch.flatMap(({ searchId, userId }) => [
          ticketKey(shard, searchId),
          userKey(shard, userId),
          avoidKey(shard, userId),
          blockKey(shard, userId),
        ]);
        const args = batch.flatMap(({ searchId, claimId, concludes }) => [searchId, claimId, concludes ? 1 : 0]);
        const shared = [waitingKey(shard), leasesKey(shard), claimsKey(shard), deltasKey(shard)];
        await script.run(this.redis, [...shared, ...keys], [TOMBSTONE_MS, DELTAS_KEPT, ...args]);
      }
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

const sideOf = ({ searchId, version, userId }: Claimable) => [searchId, version, userId];

import { Injectable } from '@nestjs/common';
import { ClaimDesk } from './claim-desk.js';
import type { Claim } from './claim.types.js';
import { DeadSearches } from './dead-searches.js';
import { MatchingMetrics } from './matching.metrics.js';
import type { ClaimReply } from './search.scripts.js';
import type { ShardMirror } from './shard-mirror.js';
import type { ProposedPair } from './ticket.types.js';

/** Searches that look for partners for the first time in one tick; after a restart with many waiting, a tick stays short. */
const MOST_LOOKS = 400;

/** Picks pairs from a mirror, claims them, and takes into the mirror what the claims found. */
@Injectable()
export class PairClaimer {
  constructor(
    private readonly desk: ClaimDesk,
    private readonly dead: DeadSearches,
    private readonly metrics: MatchingMetrics,
  ) {}

  /** The pairs that are out of the pool now. */
  async claim(shard: string, mirror: ShardMirror): Promise<Claim[]> {
    const proposed = mirror.pick(MOST_LOOKS);
    const claims: Claim[] = [];
    const dead: string[] = [];
    for (const { pair, claimId, reply } of await this.desk.claim(shard, proposed)) {
      const { a, b } = pair;
      this.metrics.claims.inc({ shard, outcome: reply });
      if (reply === 'claimed')
        claims.push({ claimId, pair, atMs: mirror.nowMs, sharedInterests: mirror.sharedInterests(a, b) });
      for (const searchId of leavers(pair, reply)) mirror.take(searchId);
      if (reply === 'avoided') mirror.refuse(a, b);
      if (reply === 'dead_a') dead.push(a.searchId);
      if (reply === 'dead_b') dead.push(b.searchId);
    }
    if (dead.length > 0) await this.dead.drop(shard, dead);
    return claims;
  }
}

/** Who is not among the waiting any more. Of `gone` and `stale` the next deltas tell. */
function leavers({ a, b }: ProposedPair, reply: ClaimReply): string[] {
  if (reply === 'claimed') return [a.searchId, b.searchId];
  if (reply === 'dead_a') return [a.searchId];
  return reply === 'dead_b' ? [b.searchId] : [];
}

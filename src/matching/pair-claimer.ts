import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { ClaimDesk } from './claim-desk.js';
import type { Claim } from './claim.types.js';
import { DeadSearches } from './dead-searches.js';
import { MatchingMetrics } from './matching.metrics.js';
import { TICK_BUDGET } from './pair-picker.js';
import type { ClaimReply } from './search.scripts.js';
import type { ShardMirror } from './shard-mirror.js';
import type { ProposedPair } from './ticket.types.js';

/** Picks pairs from a mirror, claims them, and takes into the mirror what the claims found. */
@Injectable()
export class PairClaimer {
  constructor(
    private readonly desk: ClaimDesk,
    private readonly dead: DeadSearches,
    private readonly metrics: MatchingMetrics,
    private readonly log: Log,
  ) {}

  /** The pairs that are out of the pool now. */
  async claim(shard: string, mirror: ShardMirror): Promise<Claim[]> {
    const proposed = mirror.pick(TICK_BUDGET);
    if (mirror.policy.round) this.metrics.roundDone(shard, mirror.policy.round);
    const claims: Claim[] = [];
    const dead: string[] = [];
    const untrue: ProposedPair[] = [];
    for (const { pair, claimId, reply } of await this.desk.claim(shard, proposed)) {
      const { a, b } = pair;
      this.metrics.claims.inc({ shard, outcome: reply });
      if (reply === 'claimed')
        claims.push({ claimId, pair, atMs: mirror.nowMs, sharedInterests: mirror.sharedInterests(a, b) });
      for (const searchId of leavers(pair, reply)) mirror.take(searchId);
      if (reply === 'avoided') mirror.refuse(a, b);
      if (reply === 'gone' || reply === 'stale') untrue.push(pair);
      if (reply === 'dead_a') dead.push(a.searchId);
      if (reply === 'dead_b') dead.push(b.searchId);
    }
    if (mirror.contradict(untrue)) {
      this.metrics.rebuilds.inc({ shard });
      this.log.warn({ event: 'matching.mirror_untrue', shard, pairs: untrue.length });
    }
    if (dead.length > 0) await this.drop(shard, dead);
    return claims;
  }

  /** Whom it does not drop the sweep does. */
  private async drop(shard: string, dead: readonly string[]): Promise<void> {
    await this.dead
      .drop(shard, dead)
      .catch((error: unknown) => this.log.warn({ event: 'matching.dead_not_dropped', shard, err: error }));
  }
}

/** Who is not among the waiting any more. Of `gone` and `stale` the next deltas tell. */
function leavers({ a, b }: ProposedPair, reply: ClaimReply): string[] {
  if (reply === 'claimed') return [a.searchId, b.searchId];
  if (reply === 'dead_a') return [a.searchId];
  return reply === 'dead_b' ? [b.searchId] : [];
}

import { seniorityBonus } from './fairness.js';
import { holdS } from './hold.js';
import type { ShardPolicy } from './shard-policy.js';
import type { StandingColumns } from './standing-columns.js';
import { hopefulsFor, thresholdFor } from './threshold.js';
import type { WaitingPool } from './waiting-pool.js';

/**
 * What each search has at this moment, by slot: theta, below which it still waits, and f, what it is given on top of the score. Worked out
 * when first asked for; columns, because a pick asks for every possible pair. The next ones of the same policy take their place.
 */
export class Standings {
  private readonly columns: StandingColumns;

  constructor(
    private readonly pool: WaitingPool,
    private readonly policy: ShardPolicy,
    private readonly nowMs: number,
  ) {
    this.columns = policy.standings;
    this.columns.clear(pool.slotCount);
  }

  /**
   * Where the pool goes by rounds, whoever hopes for more waits for the next one (Infinity); who hopes no more is taken at once, as
   * everywhere. A round takes everybody; so nobody who had a partner in it waits again.
   */
  threshold(slot: number): number {
    const known = this.columns.thresholds[slot]!;
    return Number.isNaN(known) ? this.columns.noteThreshold(slot, this.workOutThreshold(slot)) : known;
  }

  bonus(slot: number): number {
    const known = this.columns.bonuses[slot]!;
    return Number.isNaN(known) ? this.columns.noteBonus(slot, this.workOutBonus(slot)) : known;
  }

  private waitS(slot: number): number {
    return (this.nowMs - this.pool.ticketAt[slot]!.sinceMs) / 1000;
  }

  private workOutBonus(slot: number): number {
    const { learning, config } = this.policy;
    const seniority = seniorityBonus(this.waitS(slot), learning.meanWaitS, config.fairness);
    return seniority + this.pool.bucketOf[slot]!.classBonus;
  }

  private workOutThreshold(slot: number): number {
    const { learning, config, schedule } = this.policy;
    const { sinceMs } = this.pool.ticketAt[slot]!;
    const waitS = this.waitS(slot);
    // A clock that went back says nothing of how long it has waited: that is no reason to hold it.
    if (waitS < 0 || waitS >= config.hold.longestMs / 1000 || sinceMs <= schedule.roundAtMs) return 0;
    const { partnersPerS } = this.pool.bucketOf[slot]!;
    const hold = holdS(
      {
        partnersPerS,
        // As of the arrival, for which the hold is decided: later people leave less often, and the longer wait would make them choosier.
        hazardPerS: learning.impatience.hazard(0),
        thicknessGain: learning.thicknessGain.value,
        meanScore: learning.meanScore,
      },
      config.hold,
    );
    const hopefuls = hopefulsFor(partnersPerS, hold - waitS, config.hold.expectation);
    if (schedule.isThick) return hopefuls <= 1 ? 0 : Infinity;
    return thresholdFor(hopefuls, (share) => learning.scores.quantile(this.pool.tagCounts[slot]!, share));
  }
}

import { seniorityBonus } from './fairness.js';
import { holdS } from './hold.js';
import type { ShardPolicy } from './shard-policy.js';
import { hopefulsFor, thresholdFor } from './threshold.js';
import type { WaitingPool } from './waiting-pool.js';

/** What a search has at this moment: theta, below which it still waits, and f, what it is given on top of the score. */
export interface Standing {
  readonly threshold: number;
  readonly bonus: number;
}

/** Worked out when first asked for. */
export function standings(pool: WaitingPool, policy: ShardPolicy, nowMs: number): (slot: number) => Standing {
  const known = new Map<number, Standing>();
  return (slot) => {
    const before = known.get(slot);
    if (before) return before;
    const standing = standingOf(slot, pool, policy, nowMs);
    known.set(slot, standing);
    return standing;
  };
}

/**
 * Where the pool goes by rounds, whoever hopes for more waits for the next one; who hopes no more is taken at once, as everywhere. A round
 * takes everybody; so nobody who had a partner in it waits again.
 */
function standingOf(slot: number, pool: WaitingPool, policy: ShardPolicy, nowMs: number): Standing {
  const { learning, config, schedule } = policy;
  const bucket = pool.bucketOf[slot]!;
  const { sinceMs } = pool.ticketAt[slot]!;
  const waitS = (nowMs - sinceMs) / 1000;
  const bonus = seniorityBonus(waitS, learning.meanWaitS, config.fairness) + bucket.classBonus;
  if (waitS >= config.hold.longestMs / 1000 || sinceMs <= schedule.roundAtMs) return { threshold: 0, bonus };
  const hold = holdS(
    {
      partnersPerS: bucket.partnersPerS,
      hazardPerS: learning.impatience.hazard(waitS),
      thicknessGain: learning.thicknessGain.value,
      meanScore: learning.meanScore,
    },
    config.hold,
  );
  const hopefuls = hopefulsFor(bucket.partnersPerS, hold - waitS, config.hold.expectation);
  if (schedule.isThick) return { threshold: hopefuls <= 1 ? 0 : Infinity, bonus };
  const threshold = thresholdFor(hopefuls, (share) => learning.scores.quantile(pool.tagCounts[slot]!, share));
  return { threshold, bonus };
}

import type { MatchingPolicyConfig } from '../config/matching-policy.js';

/** How a pool is matched at this moment. */
export interface RoundSchedule {
  /** By rounds, because so many come; else by thresholds. */
  readonly isThick: boolean;
  /** When the last round was, ms; -Infinity before the first. Whoever came until then has taken part. */
  readonly roundAtMs: number;
  /** It is now. */
  readonly isDue: boolean;
}

export const NO_ROUND_YET: RoundSchedule = { isThick: false, roundAtMs: -Infinity, isDue: false };

/** What is known of the pool. */
interface PoolNow {
  readonly arrivalsPerS: number;
  readonly nowMs: number;
}

/**
 * Whether a pool goes by rounds, and whether one is due. It changes over at two different rates, so that a rate in between changes nothing.
 * The time of the last round outlives the change: nobody who took part is asked to wait again, and nobody who came since waits longer for
 * the next round than one takes.
 */
export function scheduleRound(
  { isThick: wasThick, roundAtMs }: RoundSchedule,
  { arrivalsPerS, nowMs }: PoolNow,
  { rounds, hold }: Pick<MatchingPolicyConfig, 'rounds' | 'hold'>,
): RoundSchedule {
  const isThick = hold.longestMs > 0 && arrivalsPerS >= (wasThick ? rounds.stopPerS : rounds.startPerS);
  // A clock that went back must not put the next round off.
  const sinceMs = nowMs < roundAtMs ? Infinity : nowMs - roundAtMs;
  const isDue = isThick && sinceMs >= Math.min(rounds.everyMs, hold.longestMs);
  return { isThick, roundAtMs: isDue ? nowMs : Math.min(roundAtMs, nowMs), isDue };
}

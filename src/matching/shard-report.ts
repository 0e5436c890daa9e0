import type { ShardPolicy } from './shard-policy.js';
import type { WaitingPool } from './waiting-pool.js';
import { widenAfterMs } from './widen.js';

/** What a runner says about its shard, once a second, for the people who wait in it. */
export interface ShardReport {
  /** How many wait. */
  readonly waiting: number;
  /** Median wait (ms) of those matched lately, by `classOf`; absent: too few. */
  readonly medianWaitMs: Readonly<Record<string, number>>;
  /** After how long a search is widened (ms), by `classOf`; absent: nobody of the class waits. */
  readonly widenAfterMs: Readonly<Record<string, number>>;
}

/** ms for which a report counts. */
export const REPORT_TTL_MS = 10_000;

/** ms between two reports. */
export const REPORT_EVERY_MS = 1_000;

/** Pools below these sizes are few, and some. */
const FEW_BELOW = 10;
const SOME_BELOW = 100;

/** Matches of one class that the median looks back on, and how many it needs. */
const WAITS_KEPT = 51;
const WAITS_NEEDED = 5;

/** Who fares alike: what one is and whom one seeks. */
export const classOf = ({ gender, seeksGenders }: { gender: number; seeksGenders: number }): string =>
  `${gender}.${seeksGenders}`;

/** The size of a pool as people are told it: no more than they need. */
export function sizeWord(waiting: number): 'few' | 'some' | 'many' {
  if (waiting < FEW_BELOW) return 'few';
  return waiting < SOME_BELOW ? 'some' : 'many';
}

/** When the classes that wait are widened at the latest, from what is known of them now. */
export function widenTimes(pool: WaitingPool, { learning, config }: ShardPolicy): Record<string, number> {
  const hazardPerS = learning.impatience.hazard(config.widen.earliestMs / 1_000);
  const latest: Record<string, number> = {};
  for (const { profile, partnersPerS } of pool.buckets.values()) {
    const afterMs = widenAfterMs(partnersPerS, hazardPerS, config.widen);
    latest[classOf(profile)] = Math.max(latest[classOf(profile)] ?? 0, Math.round(afterMs));
  }
  return latest;
}

/** The waits of the newest matches by class. Bounded: 12 classes of `WAITS_KEPT`. */
export class RecentWaits {
  private readonly byClass = new Map<string, number[]>();

  observe(searchClass: string, waitMs: number): void {
    const waits = this.byClass.get(searchClass) ?? [];
    this.byClass.set(searchClass, waits);
    waits.push(waitMs);
    if (waits.length > WAITS_KEPT) waits.shift();
  }

  /** Of the classes in which enough were matched. */
  medians(): Record<string, number> {
    const known = [...this.byClass].filter(([, waits]) => waits.length >= WAITS_NEEDED);
    return Object.fromEntries(known.map(([searchClass, waits]) => [searchClass, medianOf(waits)]));
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[sorted.length >> 1] ?? 0);
}

import type { PoolBucket } from './pool-bucket.js';
import type { WaitingPool } from './waiting-pool.js';

/** Pairs of buckets that one count asks at most: about 3 ms. With more than 500 buckets each is counted every few times. */
const MOST_ASKED = 250_000;

/** Notes in the buckets of a pool how many a member might meet; those that were not counted for longest come first. */
export function countFitting({ buckets }: WaitingPool, nowMs: number, mostAsked = MOST_ASKED): void {
  const all = [...buckets.values()];
  const turn = Math.max(1, Math.floor(mostAsked / Math.max(1, all.length)));
  // Who was counted before the clock went back comes first, not last.
  const countedAt = ({ countedAtMs }: PoolBucket): number => (countedAtMs > nowMs ? -Infinity : countedAtMs);
  const due = all.length <= turn ? all : all.toSorted((a, b) => countedAt(a) - countedAt(b)).slice(0, turn);
  for (const bucket of due) {
    bucket.countedAtMs = nowMs;
    bucket.fitting = fittingOf(bucket, all);
  }
}

/** Nobody meets themselves. */
function fittingOf(bucket: PoolBucket, others: readonly PoolBucket[]): number {
  let fitting = bucket.fits(bucket) ? -1 : 0;
  for (const other of others) if (bucket.fits(other)) fitting += other.slots.length;
  return fitting;
}

import { countFitting } from './fitting-count.js';
import type { PoolBucket } from './pool-bucket.js';
import { bucketKeyOf } from './pool-bucket.js';
import type { RecentWaits } from './recent-waits.js';
import type { ShardPolicy } from './shard-policy.js';
import type { WaitingPool } from './waiting-pool.js';
import type { WaitingProfile } from './waiting-profile.js';
import { widenStartsMs, widened } from './widen.js';

/** What one reach of a search promises. */
interface Prospect {
  /** How many wait whom such a search might meet, but for blocks and recent partners; where it was not counted yet, how many wait. */
  readonly fitting: number;
  /** Somebody fits, or will soon. */
  readonly hasHope: boolean;
}

/** What a runner says of the searches of one profile, once a second. */
export interface ProfileReport {
  /** p50 (ms) of the like; null: unknown. */
  readonly medianWaitMs: number | null;
  /** Of those who are not widened; absent: all are. */
  readonly plain?: Prospect;
  /** Of those who are. */
  readonly wide?: Prospect;
  /** Who came no later is widened (ms of the shard's clock); absent: nobody is. */
  readonly widenedSinceMs?: number;
  /** After how long a search is widened that is not yet (ms): at the first of these that it reaches, ascending. */
  readonly widensAtMs: readonly number[];
}

/** ms for which a report counts. */
export const REPORT_TTL_MS = 10_000;

/** ms between two reports. */
export const REPORT_EVERY_MS = 1_000;

/**
 * Most profiles in one report, about 200 KB; a shard in which more wait at once should be split (ADR 7). Of the others nothing is said:
 * their people are told `few`, and no estimate.
 */
const MOST_PROFILES = 2_000;

/** Where nobody fits and fewer are expected than one in five minutes, no wait is estimated: what others waited says nothing of it. */
const HOPE_PER_S = 1 / 300;

/** Pools below these sizes are few, and some. */
const FEW_BELOW = 10;
const SOME_BELOW = 100;

/** The size of a pool as people are told it: no more than they need. */
export function sizeWord(fitting: number): 'few' | 'some' | 'many' {
  if (fitting < FEW_BELOW) return 'few';
  return fitting < SOME_BELOW ? 'some' : 'many';
}

/** By `profileKeyOf`, of those who wait after a pick. */
export function reportProfiles(
  pool: WaitingPool,
  policy: ShardPolicy,
  waits: RecentWaits,
  nowMs: number,
): Map<string, ProfileReport> {
  countFitting(pool, nowMs);
  const reports = new Map<string, ProfileReport>();
  for (const [key, profile] of pool.profiles) {
    if (reports.size === MOST_PROFILES) break;
    reports.set(key, reportOf(profile, pool, policy, waits.medianOf(profile.facts, nowMs)));
  }
  return reports;
}

function reportOf(
  { facts, widenedSinceMs }: WaitingProfile,
  { buckets, size }: WaitingPool,
  { learning, config }: ShardPolicy,
  medianWaitMs: number | null,
): ProfileReport {
  const plain = buckets.get(bucketKeyOf(facts));
  const isWidened = widenedSinceMs > -Infinity;
  const wide = isWidened ? buckets.get(bucketKeyOf(widened(facts))) : undefined;
  return {
    medianWaitMs,
    ...(plain ? { plain: prospectOf(plain, size) } : {}),
    ...(wide ? { wide: prospectOf(wide, size) } : {}),
    ...(isWidened ? { widenedSinceMs } : {}),
    widensAtMs: plain ? widenStartsMs(plain.partnersPerS, learning.impatience.steps(), config.widen) : [],
  };
}

const prospectOf = ({ fitting, countedAtMs, partnersPerS }: PoolBucket, waiting: number): Prospect => ({
  fitting: countedAtMs === -Infinity ? waiting - 1 : fitting,
  hasHope: fitting > 0 || partnersPerS >= HOPE_PER_S,
});

import type { PoolBucket } from '../../src/matching/pool-bucket.js';
import type { ShardMirror } from '../../src/matching/shard-mirror.js';

/** ms: how long two who may meet can be left waiting, at most. */
const STALE_MS = 1_000;

/** Searches in one look. */
const SAMPLE = 500;

/** Partners of one search that are remembered until the next look. */
const PARTNERS_KEPT = 50;

/**
 * Looks whether two who may meet are left waiting. It goes by the buckets of the pool, which know who has been widened, and only at searches
 * that came after it was made: those from before may be people whom nobody can meet.
 */
export class StaleSample {
  sampled = 0;
  stale = 0;
  private readonly fromMs: number;
  private lookedAtMs: number;
  /** By search: whom it could have met at the last look. */
  private couldMeet = new Map<string, Set<string>>();

  constructor(private readonly mirror: ShardMirror) {
    this.fromMs = mirror.nowMs;
    this.lookedAtMs = mirror.nowMs;
  }

  lookWhenDue(): void {
    const { nowMs, pool } = this.mirror;
    if (nowMs - this.lookedAtMs <= STALE_MS) return;
    this.lookedAtMs = nowMs;
    const before = this.couldMeet;
    this.couldMeet = new Map();
    for (const slot of this.newcomers()) {
      const { searchId, sinceMs } = pool.ticketAt[slot]!;
      const partners = this.partnersOf(slot);
      this.couldMeet.set(searchId, partners);
      if (nowMs - sinceMs <= STALE_MS) continue;
      this.sampled += 1;
      const could = before.get(searchId) ?? new Set();
      if ([...partners].some((partner) => could.has(partner))) this.stale += 1;
    }
  }

  private newcomers(): number[] {
    const { ticketAt } = this.mirror.pool;
    const slots: number[] = [];
    for (const [slot, ticket] of ticketAt.entries()) if (ticket && ticket.sinceMs > this.fromMs) slots.push(slot);
    // The last to come are those who will still be there at the next look, if anybody is: they and the oldest.
    slots.sort((a, b) => ticketAt[a]!.sinceMs - ticketAt[b]!.sinceMs);
    return slots.length <= SAMPLE ? slots : [...slots.slice(0, SAMPLE / 2), ...slots.slice(-SAMPLE / 2)];
  }

  private partnersOf(slot: number): Set<string> {
    const { pool, policy } = this.mirror;
    const own = pool.ticketAt[slot]!;
    const found = new Set<string>();
    const fitting = [...pool.buckets.values()].filter((bucket: PoolBucket) => pool.bucketOf[slot]!.fits(bucket));
    for (const other of fitting.flatMap(({ slots }) => slots)) {
      const { userId, searchId } = pool.ticketAt[other]!;
      if (userId === own.userId || policy.avoids(own.userId, userId) || policy.avoids(userId, own.userId)) continue;
      found.add(searchId);
      if (found.size === PARTNERS_KEPT) break;
    }
    return found;
  }
}

import { burstOf, emissionMs } from './limit.types.js';
import type { Limit, Verdict } from './limit.types.js';

/** Buckets that are kept at most; the longest unused go first. */
const MAX_BUCKETS = 100_000;

/**
 * Rate limits in this process's memory, by the generic cell rate algorithm (ITU-T I.371): a bucket is one number, the time at which it
 * would be empty. Pure but for its map: the caller gives the time. The same decision as `lua/gcra.lua`.
 */
export class LocalGcra {
  /** Key -> theoretical arrival time (ms), in order of last use. */
  private readonly arrivals = new Map<string, number>();

  constructor(private readonly maxBuckets = MAX_BUCKETS) {}

  /** Looks without counting. */
  peek(key: string, limit: Limit, now: number): Verdict {
    return judge(this.arrivals.get(key), limit, now).verdict;
  }

  /** Counts one when it passes. */
  take(key: string, limit: Limit, now: number): Verdict {
    const { verdict, next } = judge(this.arrivals.get(key), limit, now);
    if (verdict.allowed) this.put(key, next, now);
    return verdict;
  }

  /** ms until the bucket is empty. */
  debt(key: string, now: number): number {
    return Math.max(0, (this.arrivals.get(key) ?? 0) - now);
  }

  /** Counts what passed elsewhere: `ms` more until the bucket is empty, beyond its brim if need be. */
  charge(key: string, ms: number, now: number): void {
    const next = Math.max(this.arrivals.get(key) ?? 0, now) + ms;
    this.put(key, next, now);
  }

  forget(key: string): void {
    this.arrivals.delete(key);
  }

  get size(): number {
    return this.arrivals.size;
  }

  private put(key: string, arrival: number, now: number): void {
    this.arrivals.delete(key);
    this.arrivals.set(key, arrival);
    if (this.arrivals.size > this.maxBuckets) this.makeRoom(now);
  }

  private makeRoom(now: number): void {
    for (const [key, arrival] of this.arrivals) if (arrival <= now) this.arrivals.delete(key);
    for (const key of this.arrivals.keys()) {
      if (this.arrivals.size <= this.maxBuckets * 0.9) return;
      this.arrivals.delete(key);
    }
  }
}

function judge(arrival: number | undefined, limit: Limit, now: number): { verdict: Verdict; next: number } {
  const emission = emissionMs(limit);
  const capacity = emission * burstOf(limit);
  const next = Math.max(arrival ?? now, now) + emission;
  const waitMs = next - capacity - now;
  // Times are floats: a bucket that is full to within a microsecond is full.
  if (waitMs > 1e-3) return { verdict: { allowed: false, remaining: 0, retryAfterMs: Math.ceil(waitMs) }, next };
  const remaining = Math.floor((now + capacity - next) / emission + 1e-6);
  return { verdict: { allowed: true, remaining, retryAfterMs: 0 }, next };
}

import { classOf } from './search-class.js';
import type { SearchTicket } from './ticket.types.js';

/** Matches of the like that a median looks back on, and how many it needs. */
const WAITS_KEPT = 51;
const WAITS_NEEDED = 5;

/** A wait tells how it goes now for this long (ms). */
const WAIT_COUNTS_MS = 600_000;

/** Who waits alike: the same class and best language. */
type Waiter = Pick<SearchTicket, 'gender' | 'seeksGenders' | 'languages'>;

interface Wait {
  readonly atMs: number;
  readonly waitMs: number;
}

/** The waits of the newest matches, by class and best language. Bounded: `WAITS_KEPT` of each, none older than ten minutes. */
export class RecentWaits {
  private readonly byWaiter = new Map<string, Wait[]>();

  /** A match at `atMs`, ms of the shard's clock. */
  observe(waiter: Waiter, waitMs: number, atMs: number): void {
    const waits = this.byWaiter.get(nameOf(waiter)) ?? [];
    waits.push({ atMs, waitMs });
    this.byWaiter.set(nameOf(waiter), waits.slice(-WAITS_KEPT));
  }

  /** p50 (ms) of the like by what is known at `nowMs`; null: too few were matched lately. */
  medianOf(waiter: Waiter, nowMs: number): number | null {
    const waits = this.byWaiter.get(nameOf(waiter)) ?? [];
    const recent = waits.filter(({ atMs }) => nowMs - atMs < WAIT_COUNTS_MS);
    if (waits.length > 0 && recent.length === 0) this.byWaiter.delete(nameOf(waiter));
    if (recent.length < WAITS_NEEDED) return null;
    const sorted = recent.map(({ waitMs }) => waitMs).toSorted((a, b) => a - b);
    return Math.round(sorted[sorted.length >> 1] ?? 0);
  }
}

const nameOf = (waiter: Waiter): string => `${classOf(waiter)}.${waiter.languages[0]}`;

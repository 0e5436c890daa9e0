import type { CandidateBook } from './candidate-book.js';
import { MovingMean } from './moving-mean.js';
import { classOf } from './search-class.js';
import type { WaitingPool } from './waiting-pool.js';

/** How many of one class wait, and how many of those hold: a partner whom they may meet is there, and they wait for a better one. */
export interface ClassCount {
  waiting: number;
  holding: number;
}

/** Who waits and who holds, by `classOf`, as they are after a pick whose pairs are out of the pool. */
export function countClasses(pool: WaitingPool, book: CandidateBook): Map<string, ClassCount> {
  const counts = new Map<string, ClassCount>();
  for (const { profile, slots } of pool.buckets.values()) countOf(counts, classOf(profile)).waiting += slots.length;
  for (const slot of book.listed) {
    const bucket = pool.bucketOf[slot];
    if (!bucket || book.lookedAs[slot] !== pool.serials[slot] || !hasPartner(slot, pool, book)) continue;
    countOf(counts, classOf(bucket.profile)).holding += 1;
  }
  return counts;
}

function countOf(counts: Map<string, ClassCount>, searchClass: string): ClassCount {
  const count = counts.get(searchClass) ?? { waiting: 0, holding: 0 };
  counts.set(searchClass, count);
  return count;
}

function hasPartner(slot: number, pool: WaitingPool, book: CandidateBook): boolean {
  const start = slot * book.width;
  for (let at = start; at < start + book.counts[slot]!; at++) {
    if (pool.serials[book.partners[at]!] === book.partnerSerials[at]) return true;
  }
  return false;
}

/** Searches of one class that its match rate remembers, and how many it needs. */
const ENDS_REMEMBERED = 300;
const ENDS_NEEDED = 20;

/** How many of the searches that ended lately were matched, by class: only clean ends, so matched or given up. */
export class MatchRates {
  private readonly byClass = new Map<string, MovingMean>();

  observe(searchClass: string, matched: boolean): void {
    const mean = this.byClass.get(searchClass) ?? new MovingMean(ENDS_REMEMBERED);
    this.byClass.set(searchClass, mean);
    mean.observe(matched ? 1 : 0);
  }

  /** 0..1, of the classes of which enough searches have ended. */
  rates(): Map<string, number> {
    const known = [...this.byClass].filter(([, mean]) => mean.evidence >= ENDS_NEEDED);
    return new Map(known.map(([searchClass, mean]) => [searchClass, mean.mean(0, 0)]));
  }

  /** As `rates`, of those of which most have ended, at most `most`: for names of which there may be many. */
  commonest(most: number): Map<string, number> {
    const byEvidence = [...this.byClass].toSorted(([, a], [, b]) => b.evidence - a.evidence).slice(0, most);
    const names = new Set(byEvidence.map(([name]) => name));
    return new Map([...this.rates()].filter(([name]) => names.has(name)));
  }

  /** The rate of the class that fares worst; nothing while too little is known. */
  worst(): number | undefined {
    const rates = [...this.rates().values()];
    return rates.length > 0 ? Math.min(...rates) : undefined;
  }
}

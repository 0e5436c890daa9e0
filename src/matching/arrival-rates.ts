import { AGE_BAND_COUNT, UNKNOWN_GENDER } from './ticket.types.js';
import { seeksAge, seeksGender } from './hard-rules.js';
import type { Seeker } from './hard-rules.js';
import { LANGUAGES } from '../contracts/languages.js';

const SEEK_MASKS = 8;
const AGE_MASKS = 1 << AGE_BAND_COUNT;

/** About this many arrivals are remembered ... */
const ARRIVALS_REMEMBERED = 400;
/** ... but not less than 20 s and not more than 30 min of them, so that the rate follows the hour. */
const SHORTEST_MEMORY_S = 20;
const LONGEST_MEMORY_S = 1_800;

/** Part of the permitted arrivals that can really be had: recent partners, blocks and those whom others take first are not. */
const AVAILABLE = 0.8;

/** What `ArrivalRates` is after a restart. Sparse: only classes that were seen. */
export interface ArrivalRatesSnapshot {
  readonly windowS: number;
  readonly total: number;
  readonly atMs: number | null;
  readonly seekClasses: [index: number, count: number][];
  readonly ages: [index: number, count: number][];
  readonly languages: [index: number, count: number][];
}

/** The class of a search by whom it is and whom it seeks, 0..31: who shares it competes for the same partners. */
export function seekClassOf(ticket: Pick<Seeker, 'gender' | 'seeksGenders'>): number {
  return ticket.gender * SEEK_MASKS + ticket.seeksGenders;
}

/** How many there are. */
export const SEEK_CLASS_COUNT = (UNKNOWN_GENDER + 1) * SEEK_MASKS;

/**
 * Lambda and the class shares: how many searches arrive per second, and of which kind.
 * Counts fade exponentially; the window they stand for grows from nothing, which corrects the warm-up exactly.
 */
export class ArrivalRates {
  private windowS = 0;
  private total = 0;
  private atMs: number | null = null;
  private readonly seekClasses = new Float64Array(SEEK_CLASS_COUNT);
  private readonly ages = new Float64Array(AGE_BAND_COUNT * AGE_MASKS);
  private readonly languages = new Float64Array(LANGUAGES.length);

  /** One new search. A time before the last one is that of a clock that went back: from there it goes on. */
  observe(ticket: Seeker, nowMs: number): void {
    this.fadeTo(nowMs);
    this.total += 1;
    this.seekClasses[seekClassOf(ticket)]! += 1;
    this.ages[ticket.ageBand * AGE_MASKS + ticket.seeksAges]! += 1;
    for (const language of ticket.languages) this.languages[language]! += 1;
  }

  /** Lambda: arrivals per second of any kind. */
  rate(nowMs: number): number {
    const { keep, windowS } = this.fading(nowMs);
    return (this.total * keep) / (windowS + 1);
  }

  /** lambda(i): arrivals per second that this searcher could accept and that would accept them. */
  rateFor(seeker: Seeker, nowMs: number): number {
    if (this.total === 0) return 0;
    return this.rate(nowMs) * this.seekShare(seeker) * this.languageShare(seeker) * this.ageShare(seeker) * AVAILABLE;
  }

  toSnapshot(): ArrivalRatesSnapshot {
    const { windowS, total, atMs } = this;
    const [seekClasses, ages, languages] = [this.seekClasses, this.ages, this.languages].map(sparse);
    return { windowS, total, atMs, seekClasses: seekClasses!, ages: ages!, languages: languages! };
  }

  restore(snapshot: ArrivalRatesSnapshot): void {
    this.windowS = snapshot.windowS;
    this.total = snapshot.total;
    this.atMs = snapshot.atMs;
    for (const [index, count] of snapshot.seekClasses) this.seekClasses[index] = count;
    for (const [index, count] of snapshot.ages) this.ages[index] = count;
    for (const [index, count] of snapshot.languages) this.languages[index] = count;
  }

  private seekShare(seeker: Seeker): number {
    let fitting = 0;
    for (let gender = 0; gender <= UNKNOWN_GENDER; gender++) {
      if (!seeksGender(seeker.seeksGenders, gender)) continue;
      for (let mask = 0; mask < SEEK_MASKS; mask++) {
        if (seeksGender(mask, seeker.gender)) fitting += this.seekClasses[gender * SEEK_MASKS + mask]!;
      }
    }
    return fitting / this.total;
  }

  private ageShare(seeker: Seeker): number {
    let fitting = 0;
    for (let band = 0; band < AGE_BAND_COUNT; band++) {
      if (!seeksAge(seeker.seeksAges, band)) continue;
      for (let mask = 0; mask < AGE_MASKS; mask++) {
        if (seeksAge(mask, seeker.ageBand)) fitting += this.ages[band * AGE_MASKS + mask]!;
      }
    }
    return fitting / this.total;
  }

  /** Languages are taken as independent of each other. */
  private languageShare(seeker: Seeker): number {
    let without = 1;
    for (const language of seeker.languages) without *= 1 - this.languages[language]! / this.total;
    return 1 - without;
  }

  private fading(nowMs: number): { keep: number; windowS: number } {
    const passedS = this.atMs === null ? 0 : Math.max(0, nowMs - this.atMs) / 1000;
    const rate = this.total / (this.windowS + 1);
    const memoryS = Math.min(LONGEST_MEMORY_S, Math.max(SHORTEST_MEMORY_S, ARRIVALS_REMEMBERED / rate));
    const keep = Math.exp(-passedS / memoryS);
    return { keep, windowS: this.windowS * keep + memoryS * (1 - keep) };
  }

  private fadeTo(nowMs: number): void {
    const { keep, windowS } = this.fading(nowMs);
    this.windowS = windowS;
    this.atMs = nowMs;
    this.total *= keep;
    for (const counts of [this.seekClasses, this.ages, this.languages]) {
      for (let at = 0; at < counts.length; at++) counts[at]! *= keep;
    }
  }
}

function sparse(counts: Float64Array): [number, number][] {
  return [...counts].flatMap((count, index) => (count > 1e-3 ? [[index, count] as [number, number]] : []));
}

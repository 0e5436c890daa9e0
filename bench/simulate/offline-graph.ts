import { bucketKeyOf, PoolBucket } from '../../src/matching/pool-bucket.js';
import type { ScoreWeights } from '../../src/config/matching-policy.js';
import { ageCloseness, INTEREST_SLOPE, languageFit, NO_INTERESTS } from '../../src/matching/score.js';
import type { SearchTicket } from '../../src/matching/ticket.types.js';
import { widened } from '../../src/matching/widen.js';
import type { StreamedSearch } from './stream.js';

/** Who must be widened before a pair is permitted: bits of `fits`, from nobody to both. */
const NOBODY = 1;
const FIRST = 2;
const SECOND = 4;
const BOTH = 8;

export interface OfflineOptions {
  readonly weights: ScoreWeights;
  /** By interest, 0..1: as rare as in the whole stream. */
  readonly rarities: readonly number[];
  /** The earliest that a search may be widened, ms. */
  readonly widensAtMs: number;
  /** What a second of waiting costs. */
  readonly waitCostPerS: number;
}

/**
 * All pairs that somebody who knew the whole stream could make of it, and what each is worth: how much better the two fare, in the sum of
 * their J, than if neither met anybody. Pairs meet as soon as both are there, and widened if need be; waiting longer gains nothing.
 * Without recent partners and blocks, which depend on who met whom: they could only take pairs away.
 */
export class OfflineGraph {
  readonly size: number;
  private readonly since: Float64Array;
  private readonly leaves: Float64Array;
  private readonly bucket: Int32Array;
  private readonly region: Int32Array;
  private readonly trust: Float64Array;
  private readonly tags: (readonly number[])[];
  /** One search of each bucket. */
  private readonly tickets: readonly SearchTicket[];
  /** By pair of buckets; empty until pairs are asked for, since there may be millions. */
  private fits = new Uint8Array(0);
  private fixedScore = new Float32Array(0);
  private readonly bucketCount: number;
  private readonly rarityOfOwn: Float64Array;

  /** @param searches by `sinceMs`, ascending */
  constructor(
    searches: readonly StreamedSearch[],
    private readonly options: OfflineOptions,
  ) {
    this.size = searches.length;
    this.since = Float64Array.from(searches, ({ ticket }) => ticket.sinceMs);
    this.leaves = Float64Array.from(searches, ({ leavesAtMs }) => leavesAtMs);
    this.region = Int32Array.from(searches, ({ ticket }) => ticket.region);
    this.trust = Float64Array.from(searches, ({ ticket }) => ticket.trust);
    this.tags = searches.map(({ ticket }) => ticket.interests);
    this.rarityOfOwn = new Float64Array(options.rarities.length);
    const { tickets, bucketOf } = bucketsOf(searches);
    this.bucket = bucketOf;
    this.bucketCount = tickets.length;
    this.tickets = tickets;
  }

  /** What it costs everybody to wait in vain: the J of a day without any pair is minus this by the number of searches. */
  costOfNobody(): number {
    let sum = 0;
    for (let at = 0; at < this.size; at++) sum += this.patienceCost(at);
    return sum;
  }

  /** What it costs one search to wait in vain until its end. */
  patienceCost(at: number): number {
    return this.savedCost(at, this.since[at]!);
  }

  /** How many pairs are there at the same time, permitted or not: what `eachPair` has to look at. */
  overlaps(): number {
    let [sum, j] = [0, 0];
    const leaves = this.leaves.toSorted();
    for (let i = 0, gone = 0; i < this.size; i++, j++) {
      while (leaves[gone]! < this.since[i]!) gone++;
      sum += j - gone;
    }
    return sum;
  }

  /** Calls `visit` for each pair, `i < j` by position, that may meet and gains by it. */
  eachPair(visit: (i: number, j: number, gain: number) => void): void {
    if (this.fits.length === 0) this.compareBuckets(this.tickets);
    for (let i = 0; i < this.size; i++) {
      for (const tag of this.tags[i]!) this.rarityOfOwn[tag] = this.options.rarities[tag]!;
      const row = this.bucket[i]! * this.bucketCount;
      for (let j = i + 1; j < this.size && this.since[j]! <= this.leaves[i]!; j++) {
        const fits = this.fits[row + this.bucket[j]!]!;
        if (fits === 0) continue;
        const meetMs = fits & NOBODY ? this.since[j]! : this.widenedMs(i, j, fits);
        if (meetMs > this.leaves[i]! || meetMs > this.leaves[j]!) continue;
        const gain = 2 * this.score(i, j, row) + this.savedCost(i, meetMs) + this.savedCost(j, meetMs);
        if (gain > 0) visit(i, j, gain);
      }
      for (const tag of this.tags[i]!) this.rarityOfOwn[tag] = 0;
    }
  }

  private score(i: number, j: number, row: number): number {
    const { weights } = this.options;
    let score = this.fixedScore[row + this.bucket[j]!]!;
    score += weights.interests * this.interests(i, j);
    if (this.region[i] === this.region[j] && this.region[i] !== 0) score += weights.region;
    return score + weights.trust * (1 - Math.abs(this.trust[i]! - this.trust[j]!));
  }

  private interests(i: number, j: number): number {
    const others = this.tags[j]!;
    if (others.length === 0 || this.tags[i]!.length === 0) return NO_INTERESTS;
    let shared = 0;
    for (const tag of others) shared += this.rarityOfOwn[tag]!;
    return shared === 0 ? 0 : 1 - Math.exp(-INTEREST_SLOPE * shared);
  }

  private savedCost(at: number, meetMs: number): number {
    return (this.options.waitCostPerS * (this.leaves[at]! - meetMs)) / 1000;
  }

  /** When the pair is first permitted, `j` being the later of the two. */
  private widenedMs(i: number, j: number, fits: number): number {
    const [own, other] = [this.since[i]!, this.since[j]!];
    const after = this.options.widensAtMs;
    if (fits & FIRST) return Math.max(own + after, other);
    return other + after;
  }

  private compareBuckets(tickets: readonly SearchTicket[]): void {
    const { weights } = this.options;
    this.fits = new Uint8Array(tickets.length ** 2);
    this.fixedScore = new Float32Array(tickets.length ** 2);
    const plain = tickets.map((ticket) => new PoolBucket('', ticket));
    const wide = tickets.map((ticket) => new PoolBucket('', widened(ticket)));
    for (const [a, own] of tickets.entries()) {
      for (const [b, other] of tickets.entries()) {
        const at = a * tickets.length + b;
        this.fits[at] =
          (plain[a]!.fits(plain[b]!) ? NOBODY : 0) |
          (wide[a]!.fits(plain[b]!) ? FIRST : 0) |
          (plain[a]!.fits(wide[b]!) ? SECOND : 0) |
          (wide[a]!.fits(wide[b]!) ? BOTH : 0);
        this.fixedScore[at] =
          weights.base +
          weights.age * ageCloseness(own.ageBand, other.ageBand) +
          weights.language * languageFit(own.languages, other.languages);
      }
    }
  }
}

/** One search of each bucket, and the bucket of each search. Who opens the language is a bucket of its own: it widens otherwise. */
function bucketsOf(searches: readonly StreamedSearch[]): { tickets: SearchTicket[]; bucketOf: Int32Array } {
  const known = new Map<string, number>();
  const tickets: SearchTicket[] = [];
  const bucketOf = Int32Array.from(searches, ({ ticket }) => {
    const key = `${bucketKeyOf(ticket)} ${ticket.opensLanguage}`;
    const at = known.get(key) ?? tickets.push(ticket) - 1;
    known.set(key, at);
    return at;
  });
  return { tickets, bucketOf };
}

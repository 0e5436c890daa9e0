import type { CandidateBook } from './candidate-book.js';
import { scoreWithCriteria } from './criteria.js';
import type { PoolBucket } from './pool-bucket.js';
import { INTEREST_SLOPE, NO_INTERESTS, ageCloseness, languageFit } from './score.js';
import type { ShardPolicy } from './shard-policy.js';
import { MOST_TAGS } from './waiting-pool.js';
import type { WaitingPool } from './waiting-pool.js';

/** Of how many candidates the score distribution learns from one look. */
const SCORES_LEARNT = 16;

/** However many look in one pick, each scores as many as this, where there are so many. */
const FEWEST_SCORED = 256;

/** Buckets passed by in a look that cost as much as one pair scored. */
const BUCKETS_PER_PAIR = 8;

/** Multiples of it, modulo 1, lie as evenly as any (golden ratio). */
const GOLDEN = 0.618_034;

/** What a look cost, in pairs scored. */
export const lookCost = (scored: number, buckets: number): number => scored + buckets / BUCKETS_PER_PAIR;

/**
 * Looks for the best partners of one search at a time: `scorePair` over columns, bucket by bucket. What is equal for a whole bucket
 * (gender, age, language) is worked out once; the rarity of the searcher's tags lies in a scratch array by tag id.
 */
export class PartnerScan {
  private rarities = new Float64Array(1_024);
  private looks = 0;
  private best = 0;
  private bestOfHalf = 0;
  private seen = 0;
  private stride = 1;
  private toSample = 0;
  private tagsOfOwn = 0;
  private mostScored;

  constructor(
    private readonly pool: WaitingPool,
    private readonly policy: ShardPolicy,
    private readonly book: CandidateBook,
  ) {
    this.mostScored = policy.config.scanned;
  }

  /** From now on each of `looks` looks scores its share of what `pairs` may cost altogether. */
  share(pairs: number, looks: number): void {
    const { scanned } = this.policy.config;
    const own = pairs / Math.max(1, looks) - lookCost(0, this.pool.buckets.size);
    this.mostScored = Math.min(scanned, Math.max(FEWEST_SCORED, own));
  }

  /** Finds partners for a new search, and offers it to them. Answers how many were scored. */
  look(slot: number): number {
    return this.scan(slot, true);
  }

  /** Finds partners anew for a search that the others know already. */
  lookAgain(slot: number): number {
    return this.scan(slot, false);
  }

  private scan(slot: number, offer: boolean): number {
    const { pool, book } = this;
    const own = pool.bucketOf[slot]!;
    book.clear(slot);
    const fitting: PoolBucket[] = [];
    let found = 0;
    for (const bucket of pool.buckets.values()) {
      if (!own.fits(bucket)) continue;
      fitting.push(bucket);
      found += bucket.slots.length;
    }
    this.startLook(slot, found);
    const share = Math.min(1, this.mostScored / Math.max(1, found));
    if (share < 1) book.truncated[slot] = 1;
    // What is left of a member in one bucket goes on to the next one; each look begins elsewhere.
    let due = share < 1 ? (this.looks * GOLDEN) % 1 : 0;
    for (const bucket of fitting) {
      due += bucket.slots.length * share;
      this.scanBucket(slot, bucket, Math.floor(due), offer);
      due -= Math.floor(due);
    }
    this.endLook(slot);
    book.lookedAs[slot] = pool.serials[slot]!;
    return this.seen;
  }

  private scanBucket(slot: number, bucket: PoolBucket, wanted: number, offer: boolean): void {
    const members = bucket.slots.length;
    const from = wanted === members ? 0 : (this.looks * 7_919) % members;
    const rest = Math.max(0, from + wanted - members);
    this.scanMembers(slot, bucket, from, from + wanted - rest, offer);
    this.scanMembers(slot, bucket, 0, rest, offer);
  }

  private bucketScore(slot: number, bucket: PoolBucket): number {
    const { weights } = this.policy.config;
    const own = this.pool.bucketOf[slot]!.profile;
    return (
      weights.base +
      weights.age * ageCloseness(own.ageBand, bucket.profile.ageBand) +
      weights.language * languageFit(own.languages, bucket.profile.languages)
    );
  }

  /**
   * The innermost loop, written out: columns in local variables, and no exponential where the interests cannot lift the score
   * over anything that it would be compared with (1 - exp(-x) is at most x, and at most 1).
   */
  // oxlint-disable-next-line stoa/max-parameters, max-lines-per-function -- the hottest loop: a call or an object per pair costs more than the rest
  private scanMembers(slot: number, bucket: PoolBucket, from: number, to: number, offer: boolean): void {
    const { pool, book, policy, rarities, stride, tagsOfOwn } = this;
    const { serials, tags, tagCounts, regions, trusts } = pool;
    const { lookedAs, bars, truncated } = book;
    const { trust: trustWeight, region: regionWeight, interests: interestWeight } = policy.config.weights;
    const { slots } = bucket;
    const fixed = this.bucketScore(slot, bucket);
    const [ownTrust, ownRegion] = [trusts[slot]!, regions[slot]!];
    const ownBonus = bucket.classBonus / 2;
    const otherBonus = pool.bucketOf[slot]!.classBonus / 2;
    const hasCriteria = policy.criteria.length > 0;
    let { seen, best, bestOfHalf, toSample } = this;
    let ownBar = bars[slot]!;
    let isCut = false;
    for (let at = from; at < to; at++) {
      const other = slots[at]!;
      // Who has not looked yet will do so in its turn, and meets this search then.
      if (lookedAs[other] !== serials[other] || other === slot) continue;
      let score = fixed + trustWeight * (1 - Math.abs(ownTrust - trusts[other]!));
      if (ownRegion !== 0 && ownRegion === regions[other]) score += regionWeight;
      const otherBar = offer ? bars[other]! : Infinity;
      const count = tagCounts[other]!;
      if (count === 0 || tagsOfOwn === 0) score += interestWeight * NO_INTERESTS;
      else {
        let shared = 0;
        const start = other * MOST_TAGS;
        for (let tag = start; tag < start + count; tag++) shared += rarities[tags[tag]!]!;
        if (shared > 0) {
          const most = score + interestWeight * Math.min(1, INTEREST_SLOPE * shared);
          const matters =
            hasCriteria ||
            most > bestOfHalf ||
            most + ownBonus > ownBar ||
            most + otherBonus > otherBar ||
            toSample === 0;
          score = matters ? score + interestWeight * (1 - Math.exp(-INTEREST_SLOPE * shared)) : most;
        }
      }
      if (hasCriteria) score = this.withCriteria(slot, other, score);
      if (toSample-- === 0) {
        policy.learning.scores.observe(tagsOfOwn, score);
        toSample = stride - 1;
      }
      if (score > best) best = score;
      if ((seen++ & 1) === 0 && score > bestOfHalf) bestOfHalf = score;
      const wantsOther = score + ownBonus > ownBar;
      const wantsOwn = score + otherBonus > otherBar;
      if (!wantsOther) isCut = true;
      if (offer && !wantsOwn) truncated[other] = 1;
      if ((!wantsOther && !wantsOwn) || this.mustNotMeet(slot, other)) continue;
      if (wantsOther) book.enter(slot, other, serials[other]!, score + ownBonus, score);
      if (wantsOwn) book.enter(other, slot, serials[slot]!, score + otherBonus, score);
      ownBar = bars[slot]!;
    }
    if (isCut) truncated[slot] = 1;
    this.seen = seen;
    this.best = best;
    this.bestOfHalf = bestOfHalf;
    this.toSample = toSample;
  }

  private withCriteria(slot: number, other: number, plainScore: number): number {
    const { criteria, onFault } = this.policy;
    return scoreWithCriteria(plainScore, criteria, this.pool.ticketAt[slot]!, this.pool.ticketAt[other]!, onFault);
  }

  private mustNotMeet(slot: number, other: number): boolean {
    const [a, b] = [this.pool.ticketAt[slot]!.userId, this.pool.ticketAt[other]!.userId];
    return a === b || this.policy.avoids(a, b) || this.policy.avoids(b, a);
  }

  private startLook(slot: number, found: number): void {
    const { tags, tagCounts } = this.pool;
    this.looks++;
    this.seen = 0;
    this.best = 0;
    this.bestOfHalf = 0;
    this.stride = Math.max(1, Math.ceil(found / SCORES_LEARNT));
    this.toSample = 0;
    this.tagsOfOwn = tagCounts[slot]!;
    if (this.pool.highestTag >= this.rarities.length) this.rarities = new Float64Array(2 * this.pool.highestTag);
    for (let at = slot * MOST_TAGS; at < slot * MOST_TAGS + this.tagsOfOwn; at++)
      this.rarities[tags[at]!] = this.policy.tags.rarity(tags[at]!);
  }

  private endLook(slot: number): void {
    const { tags } = this.pool;
    if (this.seen >= 2) this.policy.learning.thicknessGain.observe(this.best, this.bestOfHalf);
    for (let at = slot * MOST_TAGS; at < slot * MOST_TAGS + this.tagsOfOwn; at++) this.rarities[tags[at]!] = 0;
  }
}

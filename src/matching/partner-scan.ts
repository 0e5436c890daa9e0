import type { CandidateBook } from './candidate-book.js';
import { sumOfCriteria } from './criteria.js';
import type { PoolBucket } from './pool-bucket.js';
import { INTEREST_SLOPE, NO_INTERESTS, ageCloseness, languageFit } from './score.js';
import type { ShardPolicy } from './shard-policy.js';
import { MOST_TAGS } from './waiting-pool.js';
import type { WaitingPool } from './waiting-pool.js';

/** Of how many candidates the score distribution learns from one look. */
const SCORES_LEARNT = 16;

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
  private tagsOfOwn = 0;

  constructor(
    private readonly pool: WaitingPool,
    private readonly policy: ShardPolicy,
    private readonly book: CandidateBook,
  ) {}

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
    const share = Math.min(1, this.policy.config.scanned / Math.max(1, found));
    if (share < 1) book.truncated[slot] = 1;
    for (const bucket of fitting) this.scanBucket(slot, bucket, share, offer);
    this.endLook(slot);
    book.lookedAs[slot] = pool.serials[slot]!;
    return this.seen;
  }

  private scanBucket(slot: number, bucket: PoolBucket, share: number, offer: boolean): void {
    const members = bucket.slots.length;
    const wanted = Math.ceil(members * share);
    const fixed = this.bucketScore(slot, bucket);
    let at = wanted === members ? 0 : (this.looks * 7_919) % members;
    for (let count = 0; count < wanted; count++) {
      const other = bucket.slots[at]!;
      if (++at === members) at = 0;
      if (other !== slot) this.meet(slot, other, fixed + this.slotScore(slot, other), offer);
    }
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

  /** What differs within a bucket: interests, region, trust. */
  private slotScore(slot: number, other: number): number {
    const { pool, rarities } = this;
    const { weights } = this.policy.config;
    const count = pool.tagCounts[other]!;
    let interests = NO_INTERESTS;
    if (count > 0 && pool.tagCounts[slot]! > 0) {
      let shared = 0;
      const start = other * MOST_TAGS;
      for (let at = start; at < start + count; at++) shared += rarities[pool.tags[at]!] ?? 0;
      interests = shared === 0 ? 0 : 1 - Math.exp(-INTEREST_SLOPE * shared);
    }
    const region = pool.regions[slot]!;
    const closeness = 1 - Math.abs(pool.trusts[slot]! - pool.trusts[other]!);
    const score = weights.interests * interests + weights.trust * closeness;
    return region !== 0 && region === pool.regions[other] ? score + weights.region : score;
  }

  private meet(slot: number, other: number, plainScore: number, offer: boolean): void {
    const { pool, book, policy } = this;
    // Who has not looked yet will do so in this round, and meets this search then.
    if (book.lookedAs[other] !== pool.serials[other]) return;
    const score = policy.criteria.length === 0 ? plainScore : this.withCriteria(slot, other, plainScore);
    this.learn(score);
    const ownRank = score + pool.bucketOf[other]!.classBonus / 2;
    const otherRank = score + pool.bucketOf[slot]!.classBonus / 2;
    const wantsOther = ownRank > book.bar(slot);
    const wantsOwn = offer && otherRank > book.bar(other);
    if (!wantsOther) book.truncated[slot] = 1;
    if (offer && !wantsOwn) book.truncated[other] = 1;
    if ((!wantsOther && !wantsOwn) || this.mustNotMeet(slot, other)) return;
    if (wantsOther) book.enter(slot, other, pool.serials[other]!, ownRank, score);
    if (wantsOwn) book.enter(other, slot, pool.serials[slot]!, otherRank, score);
  }

  private withCriteria(slot: number, other: number, plainScore: number): number {
    const { criteria, criteriaWeight, onFault } = this.policy;
    const sum = sumOfCriteria(criteria, this.pool.ticketAt[slot]!, this.pool.ticketAt[other]!, onFault);
    return (plainScore + sum) / (1 + criteriaWeight);
  }

  private mustNotMeet(slot: number, other: number): boolean {
    const [a, b] = [this.pool.ticketAt[slot]!.userId, this.pool.ticketAt[other]!.userId];
    return a === b || this.policy.avoids(a, b) || this.policy.avoids(b, a);
  }

  private learn(score: number): void {
    const { learning } = this.policy;
    if (this.seen % this.stride === 0) learning.scores.observe(this.tagsOfOwn, score);
    if (score > this.best) this.best = score;
    if (this.seen % 2 === 0 && score > this.bestOfHalf) this.bestOfHalf = score;
    this.seen++;
  }

  private startLook(slot: number, found: number): void {
    const { tags, tagCounts } = this.pool;
    this.looks++;
    this.seen = 0;
    this.best = 0;
    this.bestOfHalf = 0;
    this.stride = Math.max(1, Math.ceil(found / SCORES_LEARNT));
    this.tagsOfOwn = tagCounts[slot]!;
    for (let at = slot * MOST_TAGS; at < slot * MOST_TAGS + this.tagsOfOwn; at++) this.setRarity(tags[at]!);
  }

  private endLook(slot: number): void {
    const { tags } = this.pool;
    if (this.seen >= 2) this.policy.learning.thicknessGain.observe(this.best, this.bestOfHalf);
    for (let at = slot * MOST_TAGS; at < slot * MOST_TAGS + this.tagsOfOwn; at++) this.rarities[tags[at]!] = 0;
  }

  private setRarity(tag: number): void {
    if (tag >= this.rarities.length) {
      const wider = new Float64Array(2 * tag);
      wider.set(this.rarities);
      this.rarities = wider;
    }
    this.rarities[tag] = this.policy.tags.rarity(tag);
  }
}

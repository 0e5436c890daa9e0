import { AGE_BAND_COUNT, UNKNOWN_GENDER } from './ticket.types.js';
import type { Seeker } from './hard-rules.js';

/** Searches that the hard rules cannot tell apart: a whole bucket is permitted or not, so that single pairs need not be asked. */
export class PoolBucket {
  /** Slots of the members, in no order. */
  readonly slots: number[] = [];
  /** When `partnersPerS` was last worked out, ms. */
  learntAtMs = -Infinity;
  /** lambda of its members. */
  partnersPerS = 0;
  /** rho of its members. */
  classBonus = 0;
  /** How many others a member might meet, but for blocks and recent partners, and when they were counted (ms): see `fitting-count.ts`. */
  fitting = 0;
  countedAtMs = -Infinity;

  /** One bit for the members' gender and one for their age band, and the bits that they seek: four checks in two. */
  private readonly traits: number;
  private readonly sought: number;
  /** One bit per language modulo 32: without one in common there is no common language. */
  private readonly languageBits: number;

  constructor(
    readonly key: string,
    readonly profile: Omit<Seeker, 'userId'>,
  ) {
    const { gender, ageBand, seeksGenders, seeksAges, languages } = profile;
    this.traits = traitsOf(1 << gender, 1 << ageBand);
    this.sought = traitsOf(seeksGenders || EVERY_GENDER, seeksAges || EVERY_AGE);
    this.languageBits = languages.reduce((bits, language) => bits | (1 << (language & 31)), 0);
  }

  /** The hard rules between any member of this and any of that bucket, but for identity and blocks. */
  fits(other: PoolBucket): boolean {
    if ((this.sought & other.traits) !== other.traits || (other.sought & this.traits) !== this.traits) return false;
    if ((this.languageBits & other.languageBits) !== 0 && haveCommon(this.profile.languages, other.profile.languages))
      return true;
    return this.profile.anyLanguage === true && other.profile.anyLanguage === true;
  }
}

const EVERY_GENDER = (1 << (UNKNOWN_GENDER + 1)) - 1;
const EVERY_AGE = (1 << AGE_BAND_COUNT) - 1;
const traitsOf = (genders: number, ages: number): number => genders | (ages << (UNKNOWN_GENDER + 1));

/** Without closures: it is asked for every bucket on every arrival. */
function haveCommon(languages: readonly number[], others: readonly number[]): boolean {
  for (const language of languages) {
    for (const other of others) if (language === other) return true;
  }
  return false;
}

/** Equal for searches that belong into one bucket. */
export function bucketKeyOf(seeker: Omit<Seeker, 'userId'>): string {
  const { gender, seeksGenders, ageBand, seeksAges, anyLanguage } = seeker;
  return `${gender}.${seeksGenders}.${ageBand}.${seeksAges}.${anyLanguage === true ? 1 : 0}.${seeker.languages.join('.')}`;
}

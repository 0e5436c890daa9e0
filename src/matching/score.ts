import { AGE_BAND_COUNT, UNKNOWN_REGION } from './ticket.types.js';
import type { SearchTicket } from './ticket.types.js';
import type { ScoreWeights } from '../config/matching-policy.js';

/** How fast common interests saturate: one of rarity .5 gives .46, two give .71. */
export const INTEREST_SLOPE = 1.25;

/** Where either names no interest, neither praise nor blame: about what a random pair has in common. */
export const NO_INTERESTS = 0.25;

/** `1 - exp(-1.25 * sum of rarities of the common interests)`, 0..1; .25 when either names none. */
export function interestsInCommon(a: readonly number[], b: readonly number[], rarity: (tag: number) => number): number {
  if (a.length === 0 || b.length === 0) return NO_INTERESTS;
  const shared = a.filter((tag) => b.includes(tag)).reduce((sum, tag) => sum + rarity(tag), 0);
  return 1 - Math.exp(-INTEREST_SLOPE * shared);
}

/** 1 for the same band, less by a quarter for each band apart. */
export function ageCloseness(a: number, b: number): number {
  return 1 - Math.abs(a - b) / (AGE_BAND_COUNT - 1);
}

/** 1 when the best language of both is the same, .6 when another is shared, .1 when none is. */
export function languageFit(a: readonly number[], b: readonly number[]): number {
  if (a[0] === b[0]) return 1;
  return a.some((language) => b.includes(language)) ? 0.6 : 0.1;
}

/** 1 for the same known region, else 0. */
export function sameRegion(a: number, b: number): number {
  return a === b && a !== UNKNOWN_REGION ? 1 : 0;
}

/** 1 for equal trust, down to 0 for the opposite ends: those who are trusted meet each other first. */
export function trustCloseness(a: number, b: number): number {
  return 1 - Math.abs(a - b);
}

/** What a permitted pair is worth, 0..1 (matching.md, section 3): the same for (a, b) and (b, a). */
export function scorePair(
  a: SearchTicket,
  b: SearchTicket,
  weights: ScoreWeights,
  rarity: (tag: number) => number,
): number {
  return (
    weights.base +
    weights.interests * interestsInCommon(a.interests, b.interests, rarity) +
    weights.age * ageCloseness(a.ageBand, b.ageBand) +
    weights.language * languageFit(a.languages, b.languages) +
    weights.region * sameRegion(a.region, b.region) +
    weights.trust * trustCloseness(a.trust, b.trust)
  );
}

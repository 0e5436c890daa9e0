import type { MatchingCriterion } from './criteria.js';

/** The soft criteria that this deployment adds to the built-in ones (docs/guides/matching-criterion.md): put yours here. */
export const CRITERIA: readonly MatchingCriterion[] = [];

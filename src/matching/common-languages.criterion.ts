import type { MatchingCriterion } from './criteria.js';
import type { SearchTicket } from './ticket.types.js';

/** The example of docs/guides/matching-criterion.md: prefers pairs that share more than one language, so that one can help out the other. */
export class CommonLanguages implements MatchingCriterion {
  readonly name = 'common_languages';

  constructor(readonly weight = 0.05) {}

  /** 0 for one common language or none, .5 for two, 1 for three. */
  value(a: SearchTicket, b: SearchTicket): number {
    const common = a.languages.filter((language) => b.languages.includes(language)).length;
    return Math.max(0, common - 1) / 2;
  }
}

import type { HoldSettings } from '../config/matching-policy.js';

/** What a search may hope for, as learnt. */
export interface Prospects {
  /** lambda: partners per second that could still come. */
  readonly partnersPerS: number;
  /** mu: chance per second that the searcher gives up. */
  readonly hazardPerS: number;
  /** b: gain in score each time the candidates grow by a factor of e. */
  readonly thicknessGain: number;
  /** qbar: mean score of a pair. */
  readonly meanScore: number;
}

/**
 * h(i) = clip(b / (c + mu * qbar) - 1 / lambda, 0, H), in s: how long a search with a compatible partner may wait for a better one.
 * The marginal gain of thickness b / (lambda^-1 + h) is balanced against the cost of waiting and the risk of losing the searcher.
 */
export function holdS(prospects: Prospects, settings: HoldSettings): number {
  const { partnersPerS, hazardPerS, thicknessGain, meanScore } = prospects;
  if (partnersPerS <= 0) return 0;
  const worthwhileS = thicknessGain / (settings.waitCostPerS + hazardPerS * meanScore) - 1 / partnersPerS;
  return Math.min(settings.longestMs / 1000, Math.max(0, worthwhileS));
}

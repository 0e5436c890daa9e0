import type { SearchTicket } from './ticket.types.js';

/** A soft reason to prefer a pair, added by a team (docs/guides/matching-criterion.md). It can never permit what the hard rules forbid. */
export interface MatchingCriterion {
  /** Short and constant: it becomes a metrics label. */
  readonly name: string;
  /** 0..1, in proportion to the built-in weights of `ScoreWeights`, which sum to 1. */
  readonly weight: number;
  /** 0 (no reason) to 1 (the best). Pure, quick and symmetric: no clock, no I/O, the same for (a, b) and (b, a). */
  value(a: SearchTicket, b: SearchTicket): number;
}

/** Told about each criterion that threw or returned something that is no number; the pair is scored without it. */
export type OnCriterionFault = (criterion: string, fault: unknown) => void;

/**
 * A pair's score of `plainScore` (0..1, of weight 1) with what the criteria say about it, each held to 0..1: the weighted mean, 0..1. A
 * faulty one is reported, and the pair is scored as if there were none of its name.
 */
// oxlint-disable-next-line stoa/max-parameters -- called for every pair that is scored: an object costs more than the rest
export function scoreWithCriteria(
  plainScore: number,
  criteria: readonly MatchingCriterion[],
  a: SearchTicket,
  b: SearchTicket,
  onFault: OnCriterionFault,
): number {
  let sum = plainScore;
  let weights = 1;
  for (const criterion of criteria) {
    const value = valueOf(criterion, a, b, onFault);
    if (Number.isNaN(value)) continue;
    sum += criterion.weight * value;
    weights += criterion.weight;
  }
  return sum / weights;
}

/** NaN: it failed. */
function valueOf(criterion: MatchingCriterion, a: SearchTicket, b: SearchTicket, onFault: OnCriterionFault): number {
  try {
    const value = criterion.value(a, b);
    if (Number.isFinite(value)) return Math.min(1, Math.max(0, value));
    onFault(criterion.name, value);
  } catch (fault) {
    onFault(criterion.name, fault);
  }
  return NaN;
}

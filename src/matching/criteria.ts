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

/** The weighted sum of what the criteria say about a pair, each held to 0..1; a faulty one is reported and adds nothing. */
export function sumOfCriteria(
  criteria: readonly MatchingCriterion[],
  a: SearchTicket,
  b: SearchTicket,
  onFault: OnCriterionFault,
): number {
  let sum = 0;
  for (const criterion of criteria) sum += criterion.weight * valueOf(criterion, a, b, onFault);
  return sum;
}

function valueOf(criterion: MatchingCriterion, a: SearchTicket, b: SearchTicket, onFault: OnCriterionFault): number {
  try {
    const value = criterion.value(a, b);
    if (Number.isFinite(value)) return Math.min(1, Math.max(0, value));
    onFault(criterion.name, value);
  } catch (fault) {
    onFault(criterion.name, fault);
  }
  return 0;
}

/** So many in a period, with at most `burst` of them at once; the rest is spread evenly (GCRA). */
export interface Limit {
  readonly count: number;
  /** ms */
  readonly perMs: number;
  /** Default: `count`. */
  readonly burst?: number;
}

/** What one bucket said about one request. */
export interface Verdict {
  readonly allowed: boolean;
  /** How many more would pass now. */
  readonly remaining: number;
  /** ms until one would pass; 0 when this one did */
  readonly retryAfterMs: number;
}

/** ms between two that pass for ever */
export const emissionMs = ({ count, perMs }: Limit): number => perMs / count;
export const burstOf = ({ count, burst }: Limit): number => burst ?? count;

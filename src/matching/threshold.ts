/**
 * theta(i): the score below which a search still waits. `hopefuls` is n, how many partners it may still expect to see while it holds;
 * the best of n lies about at the quantile 1 - 1/n of the scores. 0 (take anyone) when no more than one is expected, or the hold is used up.
 */
export function thresholdFor(hopefuls: number, quantile: (share: number) => number): number {
  return hopefuls <= 1 ? 0 : quantile(1 - 1 / hopefuls);
}

/** n = expectation * lambda * (h - wait): partners still expected within the hold. Falls to 0 as the hold is used up. */
export function hopefulsFor(partnersPerS: number, holdLeftS: number, expectation: number): number {
  return Math.max(0, expectation * partnersPerS * holdLeftS);
}

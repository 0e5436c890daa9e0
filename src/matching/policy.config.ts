/** What a meeting is worth: the parts of `score.ts`. Each 0..1; together with `base` they should sum to about 1. */
export interface ScoreWeights {
  /** Any permitted meeting at all. */
  readonly base: number;
  readonly interests: number;
  readonly age: number;
  readonly language: number;
  readonly region: number;
  readonly trust: number;
}

/** The knobs of the pairing policy. All are plain numbers, so that the simulator can try other ones before they ship. */
export interface MatchingPolicyConfig {
  readonly weights: ScoreWeights;
}

/** The values that the simulator's table was measured with. */
export const DEFAULT_POLICY: MatchingPolicyConfig = {
  weights: { base: 0.2, interests: 0.4, age: 0.15, language: 0.1, region: 0.1, trust: 0.05 },
};

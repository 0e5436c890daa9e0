/** What a meeting is worth: the weights of the parts of `score.ts`, each 0..1. Only their proportions count. */
export interface ScoreWeights {
  /** Any permitted meeting at all. */
  readonly base: number;
  readonly interests: number;
  readonly age: number;
  readonly language: number;
  readonly region: number;
  readonly trust: number;
}

/** Whether to wait for a better partner when one is there already. */
export interface HoldSettings {
  /** H, ms: nobody with a compatible partner waits longer for a better one. 0 (always greedy) to 2,000. */
  readonly longestMs: number;
  /** c: what a second of waiting costs in score. 0.001 to 0.1. */
  readonly waitCostPerS: number;
  /** How many of the partners still to come one may expect to get, as a multiple of lambda * time left. 0.5 to 10. */
  readonly expectation: number;
}

/** Where many come: an exact matching of all at once, in rounds, instead of thresholds. */
export interface RoundSettings {
  /** From this many arrivals per second on in one shard. 10 to 1,000,000; the most is as good as never. */
  readonly startPerS: number;
  /** Until there are fewer than these, arrivals per second. 5 to `startPerS`. */
  readonly stopPerS: number;
  /** From one round to the next, ms; `hold.longestMs` where that is less. 50 to 2,000. */
  readonly everyMs: number;
}

/** Who goes first. */
export interface FairnessSettings {
  /** Most that a long wait adds to the priority, in score. 0 to 0.2. */
  readonly seniority: number;
  /**
   * What a class is given for each unit of loss beyond that of all, in score. Whoever serves a class that lacks partners makes a pair that
   * would not have been, and one of a class that does not lack them takes one away: that is worth a whole score, and a pair gets half of
   * what its members are given. 0 to 5.
   */
  readonly classGain: number;
  /** Most that belonging to a badly served class adds, in score. 0 to 0.5. */
  readonly classCap: number;
}

/** When hard preferences that may be widened (age by one band, language if both opted in) are. */
export interface WidenSettings {
  /** Never before, ms. 500 to 60,000. */
  readonly earliestMs: number;
  /** Always by then, ms. `earliestMs` to 300,000. */
  readonly latestMs: number;
  /** In between: after this many expected partners per expected departure, as seconds. 0.1 to 100. */
  readonly partnersPerDeparture: number;
}

/** The knobs of the pairing policy: plain numbers, so that the simulator can try other ones before they ship. */
export interface MatchingPolicyConfig {
  readonly weights: ScoreWeights;
  readonly hold: HoldSettings;
  readonly rounds: RoundSettings;
  readonly fairness: FairnessSettings;
  readonly widen: WidenSettings;
  /** Best partners remembered per waiting search. 4 to 64. */
  readonly candidates: number;
  /** Most partners scored for one arriving search; of more, an even sample is. 256 to 100,000. */
  readonly scanned: number;
}

/** The values that the simulator's table was measured with. */
export const DEFAULT_POLICY: MatchingPolicyConfig = {
  weights: { base: 0.2, interests: 0.4, age: 0.15, language: 0.1, region: 0.1, trust: 0.05 },
  hold: { longestMs: 800, waitCostPerS: 0.01, expectation: 3 },
  rounds: { startPerS: 200, stopPerS: 150, everyMs: 750 },
  fairness: { seniority: 0.05, classGain: 3, classCap: 0.5 },
  widen: { earliestMs: 1_500, latestMs: 15_000, partnersPerDeparture: 3 },
  candidates: 12,
  scanned: 4_096,
};

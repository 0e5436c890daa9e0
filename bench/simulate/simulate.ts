import type { MatchingPolicyConfig } from '../../src/matching/policy.config.js';
import type { Avoids } from '../../src/matching/ticket.types.js';
import { Acquaintances } from './acquaintances.js';
import { judge, measure } from './measures.js';
import type { Measures } from './measures.js';
import type { Population } from './population.js';
import { Random } from './random.js';
import { runPolicy } from './run.js';
import type { Outcome, SimulatedPolicy } from './run.js';
import { streamOf } from './stream.js';

/** A policy that the simulator can try. */
export type PolicyKind = new (options: {
  config: MatchingPolicyConfig;
  avoids: Avoids;
  interests: number;
}) => SimulatedPolicy;

export interface Simulation {
  population: Population;
  /** Searches per second, on the day's average. */
  rate: number;
  hours: number;
  seed: number;
  config: MatchingPolicyConfig;
  policies: readonly PolicyKind[];
  onProgress: (policy: string, share: number) => void;
}

/** What one policy made of the stream. */
export interface Result {
  measures: Measures;
  readings: Outcome['readings'];
}

/** The first part of the time is warm-up and not judged. */
const WARM_UP = 0.05;

/** Runs each policy over the same stream of searches: same seed, same result. */
export function simulate({ population, rate, hours, seed, config, policies, onProgress }: Simulation): Result[] {
  const searches = streamOf({ population, rate, hours, seed });
  const value = judge(searches, config.weights, population.interests.count);
  return policies.map((Kind) => {
    const known = new Acquaintances(population.recents, population.blocks, new Random(seed, 'blocks'));
    const policy = new Kind({ config, avoids: known.avoids, interests: population.interests.count });
    const outcome = runPolicy(policy, searches, {
      onPair: ({ a, b }) => known.met(a.userId, b.userId),
      onProgress: (share) => onProgress(policy.name, share),
    });
    return { measures: measure(outcome, value, WARM_UP * hours * 3_600_000), readings: outcome.readings };
  });
}

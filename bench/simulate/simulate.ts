import type { MatchingPolicyConfig } from '../../src/config/matching-policy.js';
import type { Avoids } from '../../src/matching/ticket.types.js';
import { Acquaintances } from './acquaintances.js';
import { hindsightOf } from './hindsight.js';
import type { Hindsight } from './hindsight.js';
import { WAIT_COST_PER_S, jOfAll, judge, measure, raritiesOf } from './measures.js';
import type { Measures } from './measures.js';
import { OfflineGraph } from './offline-graph.js';
import type { Population } from './population.js';
import { Random } from './random.js';
import { runPolicy } from './run.js';
import type { Outcome, SimulatedPolicy } from './run.js';
import { streamOf } from './stream.js';
import type { StreamedSearch } from './stream.js';

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
  /** J of all searches, and its part of what hindsight could have at most; absent where that was not computed. */
  ofHindsight?: { j: number; share: number };
}

export interface Comparison {
  results: Result[];
  /** Absent: too many pairs. */
  hindsight?: Hindsight;
}

/** The first part of the time is warm-up and not judged. */
const WARM_UP = 0.05;

/** Pairs that are there at the same time, up to which hindsight is computed: a minute or so. */
const MOST_PAIRS = 1_000_000_000;

/** Runs each policy over the same stream of searches: same seed, same result. */
export function simulate(simulation: Simulation): Comparison {
  const { population, seed, hours, config, policies, onProgress } = simulation;
  const searches = streamOf(simulation);
  const rarities = raritiesOf(searches, population.interests.count);
  const value = judge(config.weights, rarities);
  const hindsight = bestOf(searches, rarities, simulation);
  const results = policies.map((Kind): Result => {
    const known = new Acquaintances(population.recents, population.blocks, new Random(seed, 'blocks'));
    const policy = new Kind({ config, avoids: known.avoids, interests: population.interests.count });
    const outcome = runPolicy(policy, searches, {
      onPair: ({ a, b }) => known.met(a.userId, b.userId),
      onProgress: (share) => onProgress(policy.name, share),
    });
    const j = jOfAll(outcome, value);
    return {
      measures: measure(outcome, value, WARM_UP * hours * 3_600_000),
      readings: outcome.readings,
      ...(hindsight ? { ofHindsight: { j, share: j / hindsight.bound } } : {}),
    };
  });
  return { results, ...(hindsight ? { hindsight } : {}) };
}

function bestOf(
  searches: readonly StreamedSearch[],
  rarities: readonly number[],
  { config, onProgress }: Simulation,
): Hindsight | undefined {
  const widensAtMs = config.widen.earliestMs;
  const options = { weights: config.weights, rarities, widensAtMs, waitCostPerS: WAIT_COST_PER_S };
  const graph = new OfflineGraph(searches, options);
  if (graph.overlaps() > MOST_PAIRS) return undefined;
  onProgress('hindsight', 0);
  return hindsightOf(graph);
}

import { auction, profitsAt } from '../../src/matching/auction.js';
import { joinGreedily } from '../../src/matching/greedy-matching.js';
import { gainOfMatching, roundToMatching } from '../../src/matching/rounding.js';
import type { SparseGraph } from '../../src/matching/sparse-graph.js';
import { ChosenPairs } from './chosen-pairs.js';
import type { OfflineGraph } from './offline-graph.js';

/** Steps of the auctions: each starts from what the one before found. Half of the last is how much too high the bound may lie, in J. */
const STEPS = [0.05, 0.02, 0.005, 0.001];

/** Partners of each search that the first round knows, and how many are added in a round. */
const FIRST_PARTNERS = 32;
const MORE_PARTNERS = 16;

/** How far the duals may be from covering all pairs, in J, and how often more pairs are added until they do. */
const TOLERANCE = 0.0005;
const MOST_ROUNDS = 5;

/** The best that could have been made of a stream by who knew it all, in J over all its searches: it lies between these. */
export interface Hindsight {
  /** No matching can have more: a feasible solution of the dual of fractional matching. */
  readonly bound: number;
  /** A matching was found that has this. */
  readonly found: number;
}

/**
 * The maximum-weight matching of the offline graph, from above and from below. It starts with the best partners of each search, and adds
 * the pairs that the duals do not cover until hardly any is left; what is still uncovered is added to the bound.
 */
export function hindsightOf(graph: OfflineGraph): Hindsight {
  const nobody = graph.costOfNobody();
  const perSearch = (gain: number) => (gain - nobody) / Math.max(1, graph.size);
  const chosen = new ChosenPairs(graph, FIRST_PARTNERS);
  for (let round = 1; ; round++) {
    const edges = chosen.edges.toGraph(graph.size);
    const { taken, duals } = solve(edges);
    const uncovered = chosen.cover(duals, MORE_PARTNERS);
    if (uncovered > TOLERANCE * graph.size && round < MOST_ROUNDS) continue;
    const covered = duals.reduce((sum, dual) => sum + dual, 0);
    const matching = roundToMatching(taken, edges);
    joinGreedily(matching, edges);
    return { bound: perSearch(covered + uncovered), found: perSearch(gainOfMatching(matching, edges)) };
  }
}

/** `duals[i] + duals[j] >= gain` for every edge, their sum almost as small as it can be; and whom each took in the last auction. */
export function solve(edges: SparseGraph): { taken: Int32Array; duals: Float64Array } {
  let duals = new Float64Array(edges.size);
  let taken = new Int32Array(edges.size).fill(-1);
  for (const step of STEPS) {
    const startPrices = duals.map((dual) => Math.max(0, dual - step));
    const ended = auction(edges, { step, startPrices });
    const profits = profitsAt(edges, ended.prices);
    duals = ended.prices.map((price, at) => (price + profits[at]!) / 2);
    taken = ended.taken;
  }
  return { taken, duals };
}

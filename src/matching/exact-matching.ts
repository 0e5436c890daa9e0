import { auction } from './auction.js';
import { joinGreedily } from './greedy-matching.js';
import { gainOfMatching, roundToMatching } from './rounding.js';
import type { SparseGraph } from './sparse-graph.js';

export interface MatchingEffort {
  /** How exact, in gain: see `exactMatching`. */
  readonly step: number;
  /** Edges that the auction looks at, and as many that the exchange does. Beyond that the answer is complete, but no longer exact. */
  readonly mostVisits: number;
}

export interface Matching {
  /** By node; -1: nobody. */
  readonly partner: Int32Array<ArrayBuffer>;
  /** Edges looked at by the auction and the exchange. */
  readonly visits: number;
  /** Nodes that had still to bid when the bound was reached: they were joined greedily. */
  readonly unsettled: number;
}

/** Gains closer than this are equal: sums of them are rounded. */
const EQUAL = 1e-9;

/**
 * The matching that gains most in all, on a graph of gains above 0. Where no ring of edges is odd it is within `step / 2` per node of the
 * best; elsewhere within two thirds of it, at worst (a ring of three). Never less than best pair first. Nobody is left alone who may meet
 * somebody who is alone, or for whose sake a partner would gain by leaving another. Deterministic.
 */
export function exactMatching(graph: SparseGraph, { step, mostVisits }: MatchingEffort): Matching {
  const { taken, visits, unsettled } = auction(graph, { step, mostVisits });
  const exact = roundToMatching(taken, graph);
  joinGreedily(exact, graph);
  const exchanged = exchange(exact, graph, mostVisits);
  joinGreedily(exact, graph);
  const greedy = new Int32Array(graph.size).fill(-1);
  joinGreedily(greedy, graph);
  const isBest = gainOfMatching(exact, graph) >= gainOfMatching(greedy, graph);
  return { partner: isBest ? exact : greedy, visits: visits + exchanged, unsettled };
}

/** Whoever is alone takes the partner of somebody else where that gains most, until nobody gains by it. @returns the edges looked at */
function exchange(partner: Int32Array, graph: SparseGraph, mostVisits: number): number {
  const { size, starts, partners, gains } = graph;
  const gained = gainsOf(partner, graph);
  const alone: number[] = [];
  for (let own = size - 1; own >= 0; own--) if (partner[own]! < 0) alone.push(own);
  let visits = 0;
  for (let own = alone.pop(); own !== undefined; own = alone.pop()) {
    const [from, to] = [starts[own]!, starts[own + 1]!];
    // Who was joined to one who was left meanwhile is not alone any more.
    if (partner[own]! >= 0) continue;
    if (visits + to - from > mostVisits) break;
    visits += to - from;
    let [best, at] = [EQUAL, -1];
    for (let edge = from; edge < to; edge++) {
      const more = gains[edge]! - gained[partners[edge]!]!;
      if (more > best) [best, at] = [more, edge];
    }
    if (at < 0) continue;
    const other = partners[at]!;
    const left = partner[other]!;
    if (left >= 0) {
      partner[left] = -1;
      gained[left] = 0;
      alone.push(left);
    }
    [partner[own], partner[other]] = [other, own];
    gained[own] = gained[other] = gains[at]!;
  }
  return visits;
}

/** By node: what its pair gains; 0 when it is alone. */
function gainsOf(partner: Int32Array, { size, starts, partners, gains }: SparseGraph): Float64Array {
  const gained = new Float64Array(size);
  for (let own = 0; own < size; own++) {
    for (let edge = starts[own]!; edge < starts[own + 1]! && partner[own]! >= 0; edge++)
      if (partners[edge] === partner[own]) gained[own] = gains[edge]!;
  }
  return gained;
}

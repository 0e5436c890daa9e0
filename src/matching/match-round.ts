import { exactMatching } from './exact-matching.js';
import type { Matching, MatchingEffort } from './exact-matching.js';
import type { NumberedEnds, PickEdges } from './pick-edges.js';
import { EdgeList } from './sparse-graph.js';

/**
 * Of those who have a search in their list, how many may be its suitors: the best. Where thousands seek one, the others would only bid in
 * vain; if all the suitors find somebody else, the others are asked in the next tick. So the cost of a round goes with the scarcer side.
 */
const MOST_SUITORS = 32;

/** Some 40 ms at most on a busy machine; a round of 1,000 searches a second needs a sixth of it. */
const EFFORT: MatchingEffort = { step: 0.005, mostVisits: 2_000_000 };

/** What a round was. */
export interface RoundFigures {
  readonly participants: number;
  /** Edges that the solver looked at. */
  readonly visits: number;
  /** Participants that the bound on that left to the greedy choice. */
  readonly unsettled: number;
}

export interface RoundChoice extends RoundFigures {
  /** Edges, no slot twice, in no order. */
  readonly chosen: number[];
}

/** The edges of which all together gain most by priority. `edges` must be in ascending order of `a`. */
export function chooseByRound(edges: PickEdges): RoundChoice {
  const { priorities } = edges;
  const ends = edges.numbered();
  const open = withoutDoubles(ends, bestSuitors(ends, priorities));
  const { nodeOf, participants } = number(ends, open);
  const list = new EdgeList();
  for (const edge of open) list.add(nodeOf[ends.a[edge]!]!, nodeOf[ends.b[edge]!]!, priorities[edge]!);
  const { partner, visits, unsettled }: Matching = exactMatching(list.toGraph(participants), EFFORT);
  const chosen = [...open].filter((edge) => partner[nodeOf[ends.a[edge]!]!] === nodeOf[ends.b[edge]!]!);
  return { chosen, participants, visits, unsettled };
}

/** Which edges (`a` has `b` in the list) are among the best of those that lead to the same `b`; 1 by edge. */
function bestSuitors({ b, size }: NumberedEnds, priorities: Float64Array): Uint8Array {
  const { length } = b;
  const counts = new Int32Array(size);
  for (let edge = 0; edge < length; edge++) counts[b[edge]!]!++;
  const isKept = new Uint8Array(length);
  const crowds = new Map<number, number[]>();
  for (let edge = 0; edge < length; edge++) {
    const target = b[edge]!;
    if (counts[target]! <= MOST_SUITORS) {
      isKept[edge] = 1;
      continue;
    }
    const best = crowds.get(target) ?? [];
    if (best.length === 0) crowds.set(target, best);
    if (best.length === MOST_SUITORS && priorities[edge]! <= priorities[best.at(-1)!]!) continue;
    // Best first; of equal ones the first stays before the others.
    let at = best.length === MOST_SUITORS ? best.length - 1 : best.length;
    for (; at > 0 && priorities[best[at - 1]!]! < priorities[edge]!; at--) best[at] = best[at - 1]!;
    best[at] = edge;
  }
  for (const best of crowds.values()) for (const edge of best) isKept[edge] = 1;
  return isKept;
}

/** The edges that are kept, each pair once: two who have each other in their lists are there twice. */
function withoutDoubles({ a, b, size }: NumberedEnds, isKept: Uint8Array): Int32Array {
  const { length } = a;
  const open = new Int32Array(length);
  const first = new Int32Array(size).fill(-1);
  let count = 0;
  for (let edge = 0; edge < length; edge++) {
    if (!isKept[edge]) continue;
    const [own, other] = [a[edge]!, b[edge]!];
    if (first[own]! < 0) first[own] = count;
    let isDouble = false;
    for (let at = first[other]!; at >= 0 && at < count && a[open[at]!] === other && !isDouble; at++)
      isDouble = b[open[at]!] === own;
    if (!isDouble) open[count++] = edge;
  }
  return open.subarray(0, count);
}

/** A number from 0 on for each end that has an edge left. */
function number({ a, b, size }: NumberedEnds, open: Int32Array): { nodeOf: Int32Array; participants: number } {
  const nodeOf = new Int32Array(size).fill(-1);
  let participants = 0;
  for (const edge of open) for (const end of [a[edge]!, b[edge]!]) if (nodeOf[end] === -1) nodeOf[end] = participants++;
  return { nodeOf, participants };
}

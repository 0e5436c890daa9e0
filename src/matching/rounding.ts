import type { SparseGraph } from './sparse-graph.js';

/**
 * A matching from what an auction left, where `i` may have taken `j` and `j` somebody else. Along such chains and rings every second pair is
 * kept, whichever way gains most: of a chain or an even ring that is at least half of it, of a ring of three a third.
 * @returns the partner of each node, or -1
 */
export function roundToMatching(taken: Int32Array, graph: SparseGraph): Int32Array<ArrayBuffer> {
  const partner = new Int32Array(graph.size).fill(-1);
  for (const { nodes, closed } of chainsOf(taken)) {
    const steps = nodes.map((own) => (taken[own]! < 0 ? 0 : gainOf(graph, own, taken[own]!)));
    const from = closed ? bestOpening(steps) : bestStart(steps);
    const pairs = closed || from === 0 ? nodes.length >> 1 : (nodes.length - 1) >> 1;
    for (let pair = 0; pair < pairs; pair++) {
      const own = nodes[(from + 2 * pair) % nodes.length]!;
      const other = taken[own]!;
      [partner[own], partner[other]] = [other, own];
    }
  }
  return partner;
}

interface Chain {
  /** Each has taken the next one; the last of a closed chain the first. */
  readonly nodes: readonly number[];
  readonly closed: boolean;
}

function chainsOf(taken: Int32Array): Chain[] {
  const isTaken = new Uint8Array(taken.length);
  for (const at of taken) if (at >= 0) isTaken[at] = 1;
  const seen = new Uint8Array(taken.length);
  const follow = (start: number): Chain => {
    const nodes: number[] = [];
    let at = start;
    for (; at >= 0 && !seen[at]; at = taken[at]!) {
      seen[at] = 1;
      nodes.push(at);
    }
    return { nodes, closed: at === start };
  };
  const chains: Chain[] = [];
  for (let at = 0; at < taken.length; at++) if (!isTaken[at] && taken[at]! >= 0) chains.push(follow(at));
  for (let at = 0; at < taken.length; at++) if (!seen[at] && taken[at]! >= 0) chains.push(follow(at));
  return chains;
}

/** Whether every second step of an open chain gains more from the first or from the second one. */
function bestStart(steps: readonly number[]): number {
  const [first, second] = [0, 1].map((from) =>
    steps.reduce((sum, gain, at) => (at % 2 === from ? sum + gain : sum), 0),
  );
  return second! > first! ? 1 : 0;
}

/** From which of its steps every second one of a ring gains most: an odd ring leaves out the node before that. */
function bestOpening(steps: readonly number[]): number {
  const { length } = steps;
  if (length % 2 === 0) return bestStart(steps);
  let gain = 0;
  for (let at = 0; at < length - 1; at += 2) gain += steps[at]!;
  let [best, bestGain] = [0, gain];
  // Two steps on, the first of them is left out and the one before the former opening comes in.
  for (let turn = 1, from = 0; turn < length; turn++) {
    gain += steps[(from + length - 1) % length]! - steps[from]!;
    from = (from + 2) % length;
    if (gain > bestGain) [best, bestGain] = [from, gain];
  }
  return best;
}

function gainOf({ starts, partners, gains }: SparseGraph, a: number, b: number): number {
  for (let edge = starts[a]!; edge < starts[a + 1]!; edge++) if (partners[edge] === b) return gains[edge]!;
  throw new Error(`${a} and ${b} are no pair`);
}

/** What a matching gains. */
export function gainOfMatching(partner: Int32Array, graph: SparseGraph): number {
  let sum = 0;
  for (let a = 0; a < partner.length; a++) if (partner[a]! > a) sum += gainOf(graph, a, partner[a]!);
  return sum;
}

import type { SparseGraph } from './sparse-graph.js';

/**
 * A matching from what an auction left, where `i` may have taken `j` and `j` somebody else. Along such chains and rings every second pair is
 * kept, whichever way gains more; then whoever is still alone takes the best who is alone, too. @returns the partner of each node, or -1
 */
export function roundToMatching(taken: Int32Array, graph: SparseGraph): Int32Array {
  const partner = new Int32Array(graph.size).fill(-1);
  for (const chain of chainsOf(taken)) {
    const options = chain.closed ? ringOptions(chain.nodes) : [chain.nodes, chain.nodes.slice(1)];
    const best = options
      .map((nodes) => everySecond(nodes))
      .map((pairs) => ({ pairs, gain: pairs.reduce((sum, [a, b]) => sum + gainOf(graph, a, b), 0) }))
      .reduce((a, b) => (b.gain > a.gain ? b : a));
    for (const [a, b] of best.pairs) [partner[a], partner[b]] = [b, a];
  }
  joinTheLonely(partner, graph);
  return partner;
}

interface Chain {
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

/** A ring can be opened at two places if it is even, and at each node if it is odd. */
function ringOptions(nodes: readonly number[]): (readonly number[])[] {
  const opened = nodes.length % 2 === 0 ? [0, 1] : nodes.map((_, at) => at + 1);
  return opened.map((at) => [...nodes.slice(at), ...nodes.slice(0, at)]);
}

function everySecond(nodes: readonly number[]): [number, number][] {
  return Array.from({ length: nodes.length >> 1 }, (_, at) => [nodes[2 * at]!, nodes[2 * at + 1]!]);
}

function gainOf({ starts, partners, gains }: SparseGraph, a: number, b: number): number {
  for (let edge = starts[a]!; edge < starts[a + 1]!; edge++) if (partners[edge] === b) return gains[edge]!;
  throw new Error(`${a} and ${b} are no pair`);
}

function joinTheLonely(partner: Int32Array, { size, starts, partners, gains }: SparseGraph): void {
  const edges: { a: number; b: number; gain: number }[] = [];
  for (let a = 0; a < size; a++) {
    if (partner[a]! >= 0) continue;
    for (let edge = starts[a]!; edge < starts[a + 1]!; edge++) {
      const b = partners[edge]!;
      if (a < b && partner[b]! < 0) edges.push({ a, b, gain: gains[edge]! });
    }
  }
  edges.sort((x, y) => y.gain - x.gain);
  for (const { a, b } of edges) if (partner[a]! < 0 && partner[b]! < 0) [partner[a], partner[b]] = [b, a];
}

/** What a matching gains. */
export function gainOfMatching(partner: Int32Array, graph: SparseGraph): number {
  let sum = 0;
  for (let a = 0; a < partner.length; a++) if (partner[a]! > a) sum += gainOf(graph, a, partner[a]!);
  return sum;
}

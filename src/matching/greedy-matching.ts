import type { SparseGraph } from './sparse-graph.js';

/**
 * Joins whoever is alone with the best who is alone, best pair first, until no edge has two free ends. Of equal pairs the one of lower nodes
 * goes first. An edge that is the best of both its ends is one of them, so that nothing is sorted: each free node points at its best free
 * partner, and only those whose partner was taken look again.
 */
export function joinGreedily(partner: Int32Array, graph: SparseGraph): void {
  const { size, starts, partners } = graph;
  const wanted = new Int32Array(size).fill(-1);
  const joined: number[] = [];
  const look = (own: number): void => {
    const other = bestFree(own, partner, graph);
    wanted[own] = other;
    if (other < 0 || wanted[other] !== own) return;
    [partner[own], partner[other]] = [other, own];
    joined.push(own, other);
  };
  for (let own = 0; own < size; own++) if (partner[own]! < 0) look(own);
  for (let gone = joined.pop(); gone !== undefined; gone = joined.pop()) {
    for (let edge = starts[gone]!; edge < starts[gone + 1]!; edge++) {
      const own = partners[edge]!;
      if (partner[own]! < 0 && wanted[own] === gone) look(own);
    }
  }
}

function bestFree(own: number, partner: Int32Array, { starts, partners, gains }: SparseGraph): number {
  let [best, at] = [-Infinity, -1];
  for (let edge = starts[own]!; edge < starts[own + 1]!; edge++) {
    const [other, gain] = [partners[edge]!, gains[edge]!];
    if (partner[other]! >= 0 || gain < best) continue;
    // Equal pairs of one node go by the lower, then by the higher end: that is the order of the other ends.
    if (gain === best && other > at) continue;
    [best, at] = [gain, other];
  }
  return at;
}

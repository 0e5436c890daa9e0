import { EdgeList } from './sparse-graph.js';
import type { SparseGraph } from './sparse-graph.js';

/** What two nodes gain together, whichever way they are asked for; 0: they may not meet. */
export type GainOf = (i: number, j: number) => number;

export function graphOf(size: number, gainOf: GainOf): SparseGraph {
  const edges = new EdgeList();
  for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) if (gainOf(i, j) > 0) edges.add(i, j, gainOf(i, j));
  return edges.toGraph(size);
}

/** The most that a matching can gain, by trying all: what the last node that is left does, then the others. */
export function heaviest(size: number, gainOf: GainOf, left = (1 << size) - 1): number {
  if (left === 0) return 0;
  const own = 31 - Math.clz32(left);
  const others = left & ~(1 << own);
  let best = heaviest(size, gainOf, others);
  for (let other = 0; other < own; other++) {
    if (!(others & (1 << other)) || gainOf(other, own) <= 0) continue;
    best = Math.max(best, gainOf(other, own) + heaviest(size, gainOf, others & ~(1 << other)));
  }
  return best;
}

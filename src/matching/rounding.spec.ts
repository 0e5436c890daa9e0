import { describe, expect, it } from 'vitest';
import { roundToMatching } from './rounding.js';
import { EdgeList } from './sparse-graph.js';

/** Node `i` has taken `i + 1`, and gains this by it; the last one the first where the chain is closed. */
function rounded(gains: readonly number[], isClosed: boolean): number[] {
  const size = isClosed ? gains.length : gains.length + 1;
  const edges = new EdgeList();
  gains.forEach((gain, at) => edges.add(at, (at + 1) % size, gain));
  const taken = Int32Array.from({ length: size }, (_, at) => (at < gains.length ? (at + 1) % size : -1));
  return [...roundToMatching(taken, edges.toGraph(size))];
}

describe('what an auction left, rounded to a matching', () => {
  it('keeps every second step of a chain, from the first or from the second one', () => {
    expect(rounded([0.9, 0.1], false)).toEqual([1, 0, -1]);
    expect(rounded([0.1, 0.9], false)).toEqual([-1, 2, 1]);
    expect(rounded([0.5, 0.9, 0.5], false)).toEqual([1, 0, 3, 2]);
    expect(rounded([0.2, 0.9, 0.2], false)).toEqual([-1, 2, 1, -1]);
  });

  it('opens a ring where that gains most', () => {
    expect(rounded([0.9, 0.1, 0.9, 0.1], true)).toEqual([1, 0, 3, 2]);
    expect(rounded([0.1, 0.9, 0.1, 0.9], true)).toEqual([3, 2, 1, 0]);
    expect(rounded([0.1, 0.2, 0.9], true)).toEqual([2, -1, 0]);
    // Of five: the steps 1-2 and 3-4.
    expect(rounded([0.2, 0.9, 0.1, 0.8, 0.3], true)).toEqual([-1, 2, 1, 4, 3]);
    expect(rounded([0.8, 0.3, 0.2, 0.9, 0.1], true)).toEqual([1, 0, -1, 4, 3]);
  });
});

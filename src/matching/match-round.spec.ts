import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseByRound } from './match-round.js';
import { PickEdges } from './pick-edges.js';

const SLOTS = 60;

/** Lists of partners: `[own, other, priority]`, in ascending order of `own`. */
type Entry = readonly [own: number, other: number, priority: number];

function edgesOf(entries: readonly Entry[]): PickEdges {
  const edges = new PickEdges();
  edges.clear(SLOTS);
  for (const [own, other, priority] of entries.toSorted((x, y) => x[0] - y[0]))
    edges.add(own, other, priority, priority);
  return edges;
}

const pairsOf = (edges: PickEdges): [number, number][] =>
  chooseByRound(edges).chosen.map((edge): [number, number] => {
    const [a, b] = [edges.a[edge]!, edges.b[edge]!];
    return a < b ? [a, b] : [b, a];
  });

const anyEntries = fc.uniqueArray(
  fc
    .tuple(fc.nat(SLOTS - 1), fc.nat(SLOTS - 1), fc.double({ min: 0.1, max: 1.5, noNaN: true }))
    .filter(([a, b]) => a !== b),
  { maxLength: 200, selector: ([a, b]) => `${a} ${b}` },
);

describe('a round', () => {
  it('chooses from the edges it is given, and nobody twice', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const pairs = pairsOf(edgesOf(entries));
        expect(new Set(pairs.flat()).size).toBe(2 * pairs.length);
        const known = new Set(entries.flatMap(([a, b]) => [`${a} ${b}`, `${b} ${a}`]));
        for (const [a, b] of pairs) expect(known.has(`${a} ${b}`)).toBe(true);
      }),
    );
  });

  it('leaves no edge whose both ends are free, where none is sought by a crowd', () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        const taken = new Set(pairsOf(edgesOf(entries)).flat());
        expect(entries.filter(([a, b]) => !taken.has(a) && !taken.has(b))).toEqual([]);
      }),
    );
  });

  it('gives two pairs where the best pair first gives one', () => {
    const path: Entry[] = [
      [0, 1, 0.5],
      [1, 2, 0.9],
      [2, 3, 0.5],
    ];
    expect(pairsOf(edgesOf(path)).toSorted(([a], [b]) => a - b)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(edgesOf(path).greedy()).toHaveLength(1);
  });

  it('counts a pair once that is in both lists', () => {
    const single = chooseByRound(edgesOf([[0, 1, 0.5]]));
    const both: Entry[] = [
      [0, 1, 0.5],
      [1, 0, 0.5],
    ];
    expect(chooseByRound(edgesOf(both))).toEqual(single);
    expect(single).toMatchObject({ participants: 2, unsettled: 0 });
  });

  it('hears of those who seek one the 32 best, so that a crowd costs no more than the few it seeks', () => {
    const crowd = Array.from({ length: 50 }, (_, at): Entry => [at, 59, 0.5 + ((at * 7) % 50) / 100]);
    const edges = edgesOf(crowd);
    const { participants, chosen } = chooseByRound(edges);
    expect(participants).toBe(33);
    expect(chosen.map((edge) => edges.priorities[edge])).toEqual([0.99]);
    const equals = edgesOf(crowd.map(([own, other]): Entry => [own, other, 0.5]));
    expect(chooseByRound(equals).participants).toBe(33);
  });

  it('hears of the best suitors, not of one that is best and others that are not', () => {
    // The best of all comes first, then ever better ones; 0 has somebody else, who can meet nobody but 0.
    const crowd = Array.from({ length: 50 }, (_, at): Entry => [at, 59, at === 0 ? 0.99 : 0.5 + at / 1_000]);
    const edges = edgesOf([...crowd, [0, 58, 0.99]]);
    expect(pairsOf(edges).toSorted(([a], [b]) => a - b)).toEqual([
      [0, 58],
      [49, 59],
    ]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graphOf, heaviest } from './small-graph.arbitrary.js';
import type { GainOf } from './small-graph.arbitrary.js';
import { exactMatching } from './exact-matching.js';
import type { MatchingEffort } from './exact-matching.js';
import { joinGreedily } from './greedy-matching.js';
import { gainOfMatching } from './rounding.js';
import { EdgeList } from './sparse-graph.js';

const STEP = 0.01;
const unbounded: MatchingEffort = { step: STEP, mostVisits: Infinity };

/** Best pair first, of all that are sorted: what `joinGreedily` finds without sorting. */
function greedyByHand(size: number, gainOf: GainOf): number[] {
  const all = Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => [i, j] as const)).flat();
  const pairs = all.filter(([i, j]) => i < j && gainOf(i, j) > 0);
  pairs.sort(([a, b], [c, d]) => gainOf(c, d) - gainOf(a, b) || a - c || b - d);
  const partner = Array.from({ length: size }, () => -1);
  for (const [i, j] of pairs) if (partner[i] === -1 && partner[j] === -1) [partner[i], partner[j]] = [j, i];
  return partner;
}

/** Few different gains, so that many are equal, or any. */
const anyGain = fc.oneof(fc.constant(0), fc.constantFrom(0.25, 0.5, 1), fc.double({ min: 0.1, max: 2, noNaN: true }));

/** Nodes, and what each pair of them gains; 0: they may not meet. */
const anyGains = (most: number): fc.Arbitrary<{ size: number; gainOf: GainOf }> =>
  fc
    .integer({ min: 0, max: most })
    .chain((size) => fc.tuple(fc.constant(size), fc.array(anyGain, { minLength: size * size, maxLength: size * size })))
    .map(([size, gains]) => ({ size, gainOf: (i, j) => gains[Math.min(i, j) * size + Math.max(i, j)]! }));

const anyBound = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(Infinity));

describe('the exact matching', () => {
  it('is a matching of permitted pairs that leaves no two alone who may meet, whatever the bound', () => {
    fc.assert(
      fc.property(anyGains(12), anyBound, ({ size, gainOf }, mostVisits) => {
        const { partner } = exactMatching(graphOf(size, gainOf), { step: STEP, mostVisits });
        for (const [own, other] of partner.entries()) {
          if (other === -1) continue;
          expect(partner[other]).toBe(own);
          expect(gainOf(own, other)).toBeGreaterThan(0);
        }
        for (let i = 0; i < size; i++)
          for (let j = i + 1; j < size; j++)
            if (gainOf(i, j) > 0) expect(partner[i] === -1 && partner[j] === -1).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('looks at no more edges than it may, and says who was left to the greedy choice', () => {
    fc.assert(
      fc.property(anyGains(12), anyBound, ({ size, gainOf }, mostVisits) => {
        const { visits, unsettled } = exactMatching(graphOf(size, gainOf), { step: STEP, mostVisits });
        expect(visits).toBeLessThanOrEqual(2 * mostVisits);
        if (mostVisits === Infinity) expect(unsettled).toBe(0);
        if (mostVisits === 0 && size > 1 && gainOf(0, 1) > 0) expect(unsettled).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });

  it('never gains less than best pair first, whatever the bound', () => {
    fc.assert(
      fc.property(anyGains(12), anyBound, ({ size, gainOf }, mostVisits) => {
        const graph = graphOf(size, gainOf);
        const { partner } = exactMatching(graph, { step: STEP, mostVisits });
        const greedy = Int32Array.from(greedyByHand(size, gainOf));
        expect(gainOfMatching(partner, graph)).toBeGreaterThanOrEqual(gainOfMatching(greedy, graph) - 1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it('gains the most that is possible where no ring is odd, but for its step', () => {
    fc.assert(
      fc.property(anyGains(10), ({ size, gainOf }) => {
        const twoSided: GainOf = (i, j) => ((i + j) % 2 === 0 ? 0 : gainOf(i, j));
        const graph = graphOf(size, twoSided);
        const { partner } = exactMatching(graph, unbounded);
        const best = heaviest(size, twoSided);
        expect(gainOfMatching(partner, graph)).toBeGreaterThanOrEqual(best - (STEP / 2) * size);
        expect(gainOfMatching(partner, graph)).toBeLessThanOrEqual(best + 1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it('gains two thirds of that anywhere, but for its step', () => {
    fc.assert(
      fc.property(anyGains(9), ({ size, gainOf }) => {
        const graph = graphOf(size, gainOf);
        const { partner } = exactMatching(graph, unbounded);
        const best = heaviest(size, gainOf);
        expect(gainOfMatching(partner, graph)).toBeGreaterThanOrEqual((2 / 3) * best - (STEP / 2) * size);
        expect(gainOfMatching(partner, graph)).toBeLessThanOrEqual(best + 1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves nobody alone for whose sake a partner would gain by leaving another', () => {
    fc.assert(
      fc.property(anyGains(12), ({ size, gainOf }) => {
        const { partner } = exactMatching(graphOf(size, gainOf), unbounded);
        for (let own = 0; own < size; own++) {
          if (partner[own] !== -1) continue;
          for (let other = 0; other < size; other++)
            if (other !== own && gainOf(own, other) > 0)
              expect(gainOf(own, other)).toBeLessThanOrEqual(gainOf(other, partner[other]!) + 1e-9);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('nor where gains differ by less than the step, beside others that best pair first gets wrong', () => {
    const [many, few, paths] = [7, 4, 2];
    const nearly = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 500, max: 520 })), {
      minLength: many * few,
      maxLength: many * few,
    });
    fc.assert(
      fc.property(nearly, (gains) => {
        const pathAt = many + few;
        const gainOf: GainOf = (a, b) => {
          const [i, j] = [Math.min(a, b), Math.max(a, b)];
          if (j < pathAt) return i < many && j >= many ? gains[i * few + j - many]! / 1_000 : 0;
          if (i < pathAt || j !== i + 1 || (j - pathAt) % 4 === 0) return 0;
          return (j - pathAt) % 4 === 2 ? 9 : 5;
        };
        const size = pathAt + 4 * paths;
        const { partner } = exactMatching(graphOf(size, gainOf), unbounded);
        for (let at = pathAt; at < size; at += 2) expect(partner[at]).toBe(at + 1);
        for (let own = 0; own < pathAt; own++) {
          if (partner[own] !== -1) continue;
          for (let other = 0; other < pathAt; other++)
            if (gainOf(own, other) > 0)
              expect(gainOf(own, other)).toBeLessThanOrEqual(gainOf(other, partner[other]!) + 1e-9);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('answers the same for the same graph', () => {
    fc.assert(
      fc.property(anyGains(12), anyBound, ({ size, gainOf }, mostVisits) => {
        const solve = () => exactMatching(graphOf(size, gainOf), { step: STEP, mostVisits });
        expect(solve()).toEqual(solve());
      }),
    );
  });

  it('ends on many who all want the same few', () => {
    const [many, few] = [3_000, 20];
    const edges = new EdgeList();
    for (let i = 0; i < many; i++) for (let j = 0; j < few; j++) edges.add(i, many + j, 1);
    const { partner, unsettled } = exactMatching(edges.toGraph(many + few), unbounded);
    expect(partner.filter((other) => other >= 0)).toHaveLength(2 * few);
    expect(unsettled).toBe(0);
  });
});

describe('the greedy matching', () => {
  it('is what sorting all pairs gives', () => {
    fc.assert(
      fc.property(anyGains(12), ({ size, gainOf }) => {
        const partner = new Int32Array(size).fill(-1);
        joinGreedily(partner, graphOf(size, gainOf));
        expect([...partner]).toEqual(greedyByHand(size, gainOf));
      }),
      { numRuns: 500 },
    );
  });

  it('leaves those who have somebody as they are', () => {
    const graph = graphOf(4, (i, j) => i + j + 1);
    const partner = Int32Array.from([1, 0, -1, -1]);
    joinGreedily(partner, graph);
    expect([...partner]).toEqual([1, 0, 3, 2]);
  });
});

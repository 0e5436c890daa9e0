import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinGreedily } from '../../src/matching/greedy-matching.js';
import { mayMeet } from '../../src/matching/hard-rules.js';
import { DEFAULT_POLICY } from '../../src/config/matching-policy.js';
import { gainOfMatching, roundToMatching } from '../../src/matching/rounding.js';
import { scorePair } from '../../src/matching/score.js';
import { anyPool } from '../../src/matching/ticket.arbitrary.js';
import type { SearchTicket } from '../../src/matching/ticket.types.js';
import { widened } from '../../src/matching/widen.js';
import { graphOf, heaviest } from '../../src/matching/small-graph.arbitrary.js';
import { hindsightOf, solve } from './hindsight.js';
import { OfflineGraph } from './offline-graph.js';
import type { StreamedSearch } from './stream.js';

const { weights } = DEFAULT_POLICY;
const rarities = Array.from({ length: 21 }, (_, id) => id / 20);
const options = { weights, rarities, widensAtMs: 1_500, waitCostPerS: 0.01 };

/** How many nodes, and what each pair of them gains; 0: no edge. */
const anyGains = fc.integer({ min: 2, max: 8 }).chain((size) =>
  fc.tuple(
    fc.constant(size),
    fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 2, noNaN: true })), {
      minLength: size * size,
      maxLength: size * size,
    }),
  ),
);

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

describe('the auction', () => {
  it('bounds every matching from above, and is rounded to one', () => {
    fc.assert(
      fc.property(anyGains, ([size, gains]) => {
        const gainOf = (i: number, j: number) => gains[Math.min(i, j) * size + Math.max(i, j)]!;
        const graph = graphOf(size, gainOf);
        const { taken, duals } = solve(graph);
        const partner = roundToMatching(taken, graph);
        for (const [own, other] of partner.entries()) if (other >= 0) expect(partner[other]).toBe(own);
        const best = heaviest(size, gainOf);
        expect(gainOfMatching(partner, graph)).toBeLessThanOrEqual(best + 1e-9);
        expect(sum(duals)).toBeGreaterThanOrEqual(best - 1e-9);
      }),
      { numRuns: 300 },
    );
  });

  it('is exact where no ring is odd, but for its step', () => {
    fc.assert(
      fc.property(anyGains, ([size, gains]) => {
        const gainOf = (i: number, j: number) =>
          (i + j) % 2 === 0 ? 0 : gains[Math.min(i, j) * size + Math.max(i, j)]!;
        const graph = graphOf(size, gainOf);
        const { taken, duals } = solve(graph);
        const best = heaviest(size, gainOf);
        expect(sum(duals)).toBeLessThanOrEqual(best + 0.06 * size);
        const partner = roundToMatching(taken, graph);
        joinGreedily(partner, graph);
        expect(gainOfMatching(partner, graph)).toBeGreaterThanOrEqual(best - 0.06 * size);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the offline graph', () => {
  const stream = fc
    .tuple(anyPool, fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 24, maxLength: 24 }))
    .map(([tickets, patience]): StreamedSearch[] =>
      tickets
        .toSorted((a, b) => a.sinceMs - b.sinceMs)
        .map((ticket, at) => ({
          ticket: { ...ticket, userId: `u${at}` },
          leavesAtMs: ticket.sinceMs + patience[at]!,
          lost: false,
        })),
    );

  /** What a pair gains, by trying each moment at which something changes. */
  function gainByHand(a: StreamedSearch, b: StreamedSearch): number {
    const reach = (ticket: SearchTicket, nowMs: number) => (nowMs >= ticket.sinceMs + 1_500 ? widened(ticket) : ticket);
    const both = [a, b].map(({ ticket }) => ticket.sinceMs);
    const moments = [...both, ...both.map((ms) => ms + 1_500)].filter(
      (ms) => ms >= Math.max(...both) && ms <= Math.min(a.leavesAtMs, b.leavesAtMs),
    );
    const permitted = moments.filter((ms) => mayMeet(reach(a.ticket, ms), reach(b.ticket, ms), () => false));
    if (permitted.length === 0) return 0;
    const meetMs = Math.min(...permitted);
    const saved = (a.leavesAtMs - meetMs + b.leavesAtMs - meetMs) / 1_000;
    return 2 * scorePair(a.ticket, b.ticket, weights, (tag) => rarities[tag]!) + 0.01 * saved;
  }

  it('has every pair that could have met, and what it gains', () => {
    fc.assert(
      fc.property(stream, (searches) => {
        const found = new Map<string, number>();
        new OfflineGraph(searches, options).eachPair((i, j, gain) => found.set(`${i} ${j}`, gain));
        for (const [i, a] of searches.entries()) {
          for (const [j, b] of searches.entries())
            if (i < j) expect(found.get(`${i} ${j}`) ?? 0).toBeCloseTo(gainByHand(a, b), 5);
        }
      }),
    );
  });

  it('knows the best J of a small stream, from above and from below', () => {
    fc.assert(
      fc.property(stream, (all) => {
        const searches = all.slice(0, 9);
        fc.pre(searches.length > 0);
        const patience = searches.reduce((total, s) => total + (s.leavesAtMs - s.ticket.sinceMs) / 1_000, 0);
        const gainOf = (i: number, j: number) => gainByHand(searches[Math.min(i, j)]!, searches[Math.max(i, j)]!);
        const best = (heaviest(searches.length, gainOf) - 0.01 * patience) / searches.length;
        const { bound, found } = hindsightOf(new OfflineGraph(searches, options));
        expect(bound).toBeGreaterThanOrEqual(best - 1e-6);
        expect(found).toBeLessThanOrEqual(best + 1e-6);
      }),
    );
  });
});

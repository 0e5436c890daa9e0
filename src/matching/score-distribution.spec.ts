import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScoreDistribution } from './score-distribution.js';

const score = fc.double({ min: 0, max: 1, noNaN: true });
const BIN = 1 / 64;

describe('the score distribution', () => {
  it('finds the score that a given part of what it saw exceeds', () => {
    fc.assert(
      fc.property(fc.array(score, { minLength: 20, maxLength: 300 }), fc.nat(10), score, (seen, tags, share) => {
        const known = new ScoreDistribution();
        for (const value of seen) known.observe(tags, value);
        const quantile = known.quantile(tags, share);
        const above = seen.filter((value) => value > quantile + BIN).length;
        const below = seen.filter((value) => value < quantile - BIN).length;
        expect(above).toBeLessThanOrEqual((1 - share) * seen.length + 1e-6);
        expect(below).toBeLessThanOrEqual(share * seen.length + 1e-6);
      }),
    );
  });

  it('asks more for a smaller part', () => {
    const known = new ScoreDistribution();
    for (let value = 0; value < 1; value += 0.001) known.observe(3, value);
    expect(known.quantile(3, 0.9)).toBeCloseTo(0.9, 2);
    expect(known.quantile(3, 0.1)).toBeCloseTo(0.1, 2);
  });

  it('keeps searchers with few and many interests apart, and asks nothing while it knows nothing', () => {
    const known = new ScoreDistribution();
    for (let i = 0; i < 100; i++) known.observe(1, 0.3);
    expect(known.quantile(1, 0.5)).toBeCloseTo(0.3, 1);
    expect(known.quantile(2, 0.5)).toBe(0);
  });

  it('forgets what was long ago', () => {
    const known = new ScoreDistribution();
    for (let i = 0; i < 20_000; i++) known.observe(0, 0.2);
    for (let i = 0; i < 80_000; i++) known.observe(0, 0.7);
    expect(known.quantile(0, 0.3)).toBeGreaterThan(0.68);
  });
});

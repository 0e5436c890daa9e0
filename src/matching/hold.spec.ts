import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdS } from './hold.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { hopefulsFor, thresholdFor } from './threshold.js';

const { hold } = DEFAULT_POLICY;
const amount = fc.double({ min: 0, max: 1_000, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('hold', () => {
  const prospects = fc.record({ partnersPerS: amount, hazardPerS: amount, thicknessGain: share, meanScore: share });
  /** What a shard believes before it has learnt anything. */
  const usual = { hazardPerS: 1 / 30, thicknessGain: 0.05, meanScore: 0.55 };

  it('is never longer than H, and nothing where nobody comes', () => {
    fc.assert(
      fc.property(prospects, (facts) => {
        expect(holdS(facts, hold)).toBeGreaterThanOrEqual(0);
        expect(holdS(facts, hold)).toBeLessThanOrEqual(hold.longestMs / 1_000);
        expect(holdS({ ...facts, partnersPerS: 0 }, hold)).toBe(0);
      }),
    );
  });

  it('is at most the 0.8 s that people are promised', () => {
    expect(hold.longestMs).toBe(800);
    expect(holdS({ ...usual, partnersPerS: 1_000 }, hold)).toBeCloseTo(0.8, 12);
  });

  it('never shrinks when more partners come, and never grows with impatience', () => {
    fc.assert(
      fc.property(prospects, amount, (facts, more) => {
        const now = holdS(facts, hold);
        expect(holdS({ ...facts, partnersPerS: facts.partnersPerS + more }, hold)).toBeGreaterThanOrEqual(now);
        expect(holdS({ ...facts, hazardPerS: facts.hazardPerS + more }, hold)).toBeLessThanOrEqual(now);
      }),
    );
  });

  it('is what the gain of thickness is worth, less the time until the next partner comes', () => {
    // .05 / (.01 + .55 / 30) = 1.765 s is what waiting would be worth if a partner came at any moment.
    expect(holdS({ ...usual, partnersPerS: 0.5 }, hold)).toBe(0);
    expect(holdS({ ...usual, partnersPerS: 0.8 }, hold)).toBeCloseTo(0.5147, 4);
    // Nobody hurries, and waiting costs nothing but itself.
    const longer = { ...hold, longestMs: 10_000 };
    expect(holdS({ ...usual, hazardPerS: 0, partnersPerS: 1 }, longer)).toBeCloseTo(4, 9);
  });

  it('is nothing unless a partner comes while waiting still pays', () => {
    fc.assert(
      fc.property(prospects, (facts) => {
        const worthwhileS = facts.thicknessGain / (hold.waitCostPerS + facts.hazardPerS * facts.meanScore);
        if (facts.partnersPerS * worthwhileS <= 1) expect(holdS(facts, hold)).toBe(0);
      }),
    );
  });
});

describe('threshold', () => {
  const quantile = (part: number): number => part;

  it('takes anyone when no more than one is expected, and falls as the hold is used up', () => {
    fc.assert(
      fc.property(amount, amount, share, (rate, left, used) => {
        const before = thresholdFor(hopefulsFor(rate, left, 3), quantile);
        expect(thresholdFor(hopefulsFor(rate, left * used, 3), quantile)).toBeLessThanOrEqual(before);
        expect(thresholdFor(hopefulsFor(rate, 0, 3), quantile)).toBe(0);
        expect(hopefulsFor(rate, -left, 3)).toBe(0);
      }),
    );
  });

  it('is the score that about one of those still expected exceeds', () => {
    expect(thresholdFor(hopefulsFor(5, 0.8, 3), quantile)).toBeCloseTo(1 - 1 / 12, 12);
    expect(thresholdFor(1, quantile)).toBe(0);
    expect(thresholdFor(2, quantile)).toBe(0.5);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reconnectDelay, resendDelay } from './backoff.js';

const unit = fc.double({ min: 0, max: 0.999_999, noNaN: true });

describe('resendDelay', () => {
  it('grows 0.5, 1, 2, 4, 5 s and stays there', () => {
    expect([1, 2, 3, 4, 5, 6, 99].map((failures) => resendDelay(failures, () => 0))).toEqual([
      500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000,
    ]);
  });

  it('adds at most a fifth', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), unit, (failures, random) => {
        const least = resendDelay(failures, () => 0);
        const delay = resendDelay(failures, () => random);
        expect(delay).toBeGreaterThanOrEqual(least);
        expect(delay).toBeLessThanOrEqual(least * 1.2);
      }),
    );
  });
});

describe('reconnectDelay', () => {
  it('is always between 0.5 and 5 s', () => {
    fc.assert(
      fc.property(fc.nat(1_000), unit, (attempt, random) => {
        const delay = reconnectDelay(attempt, () => random);
        expect(delay).toBeGreaterThanOrEqual(500);
        expect(delay).toBeLessThanOrEqual(5_000);
      }),
    );
  });

  it('spreads wider after each failure', () => {
    expect([0, 1, 2, 3].map((attempt) => reconnectDelay(attempt, () => 1))).toEqual([2_500, 4_000, 5_000, 5_000]);
  });
});

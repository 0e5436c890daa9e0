import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { waitMs } from './latency-floor.js';

describe('waitMs', () => {
  const times = { floorMs: 400, stepMs: 200 };

  it.each([
    [0, 400],
    [35, 365],
    [400, 0],
    [401, 199],
    [600, 0],
    [601, 199],
  ])('%s ms of work wait %s ms', (elapsed, wait) => {
    expect(waitMs(elapsed, times)).toBe(wait);
  });

  it('lets every answer leave at the floor or a whole step, never early, at most a step late', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10_000, noNaN: true }), (elapsed) => {
        const wait = waitMs(elapsed, times);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect((elapsed + wait) % 200).toBeCloseTo(0, 5);
        expect(elapsed + wait).toBeGreaterThanOrEqual(400 - 1e-6);
        if (elapsed > 400) expect(wait).toBeLessThanOrEqual(200);
      }),
    );
  });

  it('is off at zero', () => {
    expect(waitMs(123, { floorMs: 0, stepMs: 0 })).toBe(0);
  });
});

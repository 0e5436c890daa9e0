import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastValueFrom, throwError } from 'rxjs';
import { Busy, NotFound } from '../platform/errors/stoa-error.js';
import { Clock } from '../platform/time/clock.js';
import { LatencyFloor, waitMs } from './latency-floor.js';

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

describe('LatencyFloor', () => {
  const times = { floorMs: 0, stepMs: 0, busySpreadMs: 60 };
  const context = { switchToHttp: () => ({ getRequest: () => ({}) }) };

  /** How long each of `count` refusals takes that all fail at once (ms). */
  async function refuse(refusal: Error, count: number): Promise<number[]> {
    const floor = new LatencyFloor(times, new Clock());
    const refusals = Array.from({ length: count }, async () => {
      const begun = performance.now();
      const answer = lastValueFrom(floor.intercept(context as never, { handle: () => throwError(() => refusal) }));
      await expect(answer).rejects.toBe(refusal);
      return performance.now() - begun;
    });
    return (await Promise.all(refusals)).toSorted((a, b) => a - b);
  }

  it('lets those who found no room go one by one, so that they do not come back together', async () => {
    const took = await refuse(new Busy(), 100);
    expect((took[90] ?? 0) - (took[10] ?? 0)).toBeGreaterThan(30);
  });

  it('and nobody else', async () => {
    // One and the same wait for all: none.
    const took = await refuse(new NotFound(), 100);
    expect((took[90] ?? 0) - (took[10] ?? 0)).toBeLessThan(30);
  });
});

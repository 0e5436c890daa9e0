import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cohorts } from './cohorts.js';

const OPTIONS = { windowMs: 50, herdFrom: 4, firstMs: 300, everyMs: 1_000, size: 100, maxWaiting: 250 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Enters so many at once; `let in` and `refused` are filled as it happens, in order of arrival. */
function arrive(
  cohorts: Cohorts,
  count: number,
  log: { at: number; who: number; refused?: unknown }[],
  first = 0,
): void {
  for (let i = 0; i < count; i += 1) {
    const who = first + i;
    cohorts.enter().then(
      () => log.push({ at: performance.now(), who }),
      (error: { code?: unknown }) => log.push({ at: performance.now(), who, refused: error.code }),
    );
  }
}

describe('Cohorts', () => {
  it('lets those who come alone pass at once, for ever', async () => {
    const cohorts = new Cohorts(OPTIONS);
    for (let i = 0; i < 200; i += 1) {
      await cohorts.enter();
      await vi.advanceTimersByTimeAsync(13);
      expect(cohorts.waitingCount).toBe(0);
    }
  });

  it('lets a herd in group after group, in the order in which it came, and refuses who finds no room', async () => {
    const cohorts = new Cohorts(OPTIONS);
    const began = performance.now();
    const log: { at: number; who: number; refused?: unknown }[] = [];
    arrive(cohorts, 300, log);
    await vi.advanceTimersByTimeAsync(10_000);
    const inside = log.filter(({ refused }) => refused === undefined);
    const groups = Map.groupBy(inside, ({ at }) => Math.round(at - began));
    expect([...groups].map(([at, group]) => [at, group.length])).toEqual([
      [0, 4],
      [300, 100],
      [1_300, 100],
      [2_300, 50],
    ]);
    expect(inside.map(({ who }) => who)).toEqual(Array.from({ length: 254 }, (_, i) => i));
    expect(log.filter(({ refused }) => refused !== undefined)).toHaveLength(46);
    expect(log.find(({ refused }) => refused !== undefined)?.refused).toBe('BUSY');
  });

  it('makes nobody wait when the herd has passed', async () => {
    const cohorts = new Cohorts(OPTIONS);
    const log: { at: number; who: number }[] = [];
    arrive(cohorts, 80, log);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(log).toHaveLength(80);
    await cohorts.enter();
    expect(cohorts.waitingCount).toBe(0);
  });

  it('holds whatever comes for one interval per group at most, and loses nobody', async () => {
    const bursts = fc.array(fc.record({ count: fc.nat(60), pauseMs: fc.nat(700) }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(bursts, async (steps) => {
        const cohorts = new Cohorts(OPTIONS);
        const log: { at: number; who: number; refused?: unknown }[] = [];
        const cameAt: number[] = [];
        for (const { count, pauseMs } of steps) {
          arrive(cohorts, count, log, cameAt.length);
          cameAt.push(...Array.from({ length: count }, () => performance.now()));
          await vi.advanceTimersByTimeAsync(pauseMs);
        }
        await vi.advanceTimersByTimeAsync(20_000);
        expect(log.map(({ who }) => who).toSorted((a, b) => a - b)).toEqual(cameAt.map((_, i) => i));
        const longest = (OPTIONS.maxWaiting / OPTIONS.size + 1) * OPTIONS.everyMs;
        for (const { at, who, refused } of log) {
          if (refused === undefined) expect(at - (cameAt[who] ?? 0)).toBeLessThanOrEqual(longest);
          else expect(refused).toBe('BUSY');
        }
        const inside = log.filter(({ refused }) => refused === undefined).map(({ who }) => who);
        expect(inside).toEqual(inside.toSorted((a, b) => a - b));
        expect(cohorts.waitingCount).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

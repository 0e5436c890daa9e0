import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { burstOf } from './limit.types.js';
import type { Limit } from './limit.types.js';
import { LocalGcra } from './local-gcra.js';

const aLimit = fc.record({
  count: fc.integer({ min: 1, max: 100 }),
  perMs: fc.integer({ min: 100, max: 100_000 }),
  burst: fc.integer({ min: 1, max: 100 }),
});
const gaps = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 200 });

describe('LocalGcra', () => {
  it('lets a burst pass and then one per interval', () => {
    const gcra = new LocalGcra();
    const limit: Limit = { count: 60, perMs: 60_000, burst: 3 };
    const at = (now: number): boolean => gcra.take('a', limit, now).allowed;
    expect([at(0), at(0), at(0), at(0)]).toEqual([true, true, true, false]);
    expect(gcra.take('a', limit, 400).retryAfterMs).toBe(600);
    expect([at(999), at(1_000), at(1_000)]).toEqual([false, true, false]);
    expect(gcra.take('b', limit, 1_000)).toEqual({ allowed: true, remaining: 2, retryAfterMs: 0 });
  });

  it('never lets more pass in any window than the burst and what refills in it', () => {
    fc.assert(
      fc.property(aLimit, gaps, (limit, waits) => {
        const gcra = new LocalGcra();
        const passed: number[] = [];
        let now = 0;
        for (const wait of waits) {
          now += wait;
          if (gcra.take('a', limit, now).allowed) passed.push(now);
        }
        for (const [i, from] of passed.entries())
          for (const [j, to] of passed.entries())
            if (j >= i)
              expect(j - i + 1).toBeLessThanOrEqual(burstOf(limit) + ((to - from) * limit.count) / limit.perMs + 0.001);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps its word: what waits for retryAfterMs passes, and `remaining` more pass at once', () => {
    fc.assert(
      fc.property(aLimit, gaps, (limit, waits) => {
        const gcra = new LocalGcra();
        let now = 0;
        for (const wait of waits) {
          now += wait;
          const { allowed, retryAfterMs, remaining } = gcra.take('a', limit, now);
          if (!allowed) {
            expect(retryAfterMs).toBeGreaterThan(0);
            now += retryAfterMs;
            expect(gcra.take('a', limit, now).allowed).toBe(true);
          } else if (remaining === 0) expect(gcra.peek('a', limit, now).allowed).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('does not count what it refuses, and a look counts nothing', () => {
    const gcra = new LocalGcra();
    const limit: Limit = { count: 1, perMs: 1_000 };
    for (let i = 0; i < 10; i += 1) expect(gcra.peek('a', limit, 0).allowed).toBe(true);
    gcra.take('a', limit, 0);
    for (let now = 0; now < 1_000; now += 100) expect(gcra.take('a', limit, now).allowed).toBe(false);
    expect(gcra.take('a', limit, 1_000).allowed).toBe(true);
  });

  it('keeps a bounded number of buckets and forgets the longest unused first', () => {
    const gcra = new LocalGcra(100);
    const limit: Limit = { count: 1, perMs: 1_000_000 };
    for (let i = 0; i < 1_000; i += 1) gcra.take(`${i}`, limit, i);
    expect(gcra.size).toBeLessThanOrEqual(100);
    expect(gcra.take('999', limit, 1_000).allowed).toBe(false);
    expect(gcra.take('0', limit, 1_000).allowed).toBe(true);
  });
});

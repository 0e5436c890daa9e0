import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { ArrivalRates } from './arrival-rates.js';
import { countFitting } from './fitting-count.js';
import { PickAgenda } from './pick-agenda.js';
import { pickPairs } from './pair-picker.js';
import { Life, Presence, anyHistory } from './shard-life.arbitrary.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket } from './ticket.arbitrary.js';
import { WaitingPool } from './waiting-pool.js';

// Redis' clock may go back: a step of NTP, or another host that takes over.

const NOW = 120_000;
const backMs = fc.integer({ min: 1, max: 600_000 });

/** So many come a second that they hold; whether by rounds or by thresholds. */
const anyConfig = fc.constantFrom(10, 1e6).map((startPerS) => ({
  ...DEFAULT_POLICY,
  rounds: { startPerS, stopPerS: Math.min(startPerS, 6), everyMs: 750 },
}));

describe('when the clock goes back', () => {
  it('nobody who has a partner waits beyond H and two ticks after that', () => {
    let held = 0;
    fc.assert(
      fc.property(anyHistory, anyHistory, backMs, anyConfig, (before, after, back, config) => {
        const presence = new Presence(config.hold.longestMs);
        const life: Life = new Life(config, (pool, policy, nowMs) => {
          const pairs = pickPairs(pool, policy, nowMs);
          expect(presence.staleAfter(life, pairs)).toEqual([]);
          return pairs;
        });
        // Pairs that are refused for ever, and never told apart, would keep others from their lists.
        const live = (history: typeof before) => {
          for (const event of history) life.live(event.kind === 'ticks' ? { ...event, refused: 0 } : event);
        };
        // Some have just come when it happens, and would rather wait.
        const alike = Array.from({ length: 6 }, (_, at) => aTicket({ userId: `alike ${at}` }));
        live([...before, { kind: 'gather', tickets: alike }, { kind: 'ticks', ticks: 1, refused: 0 }]);
        held += life.policy.book.listed.length;
        life.nowMs -= back;
        presence.forget();
        live([...after, { kind: 'ticks', ticks: 30, refused: 0 }]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
    expect(held).toBeGreaterThan(200);
  });

  it('what was learnt for a bucket is learnt anew within two seconds, and not only when the clock is there again', () => {
    fc.assert(
      fc.property(backMs, (back) => {
        const [pool, policy] = [new WaitingPool(), new ShardPolicy()];
        pool.add(aTicket({ sinceMs: NOW }));
        pickPairs(pool, policy, NOW);
        for (let ms = 0; ms < 1_000; ms += 50) policy.arrived(aTicket({ sinceMs: NOW - back + ms }), NOW - back + ms);
        const [bucket] = pool.buckets.values();
        expect(bucket!.partnersPerS).toBe(0);
        for (let ms = 0; ms <= 2_000; ms += 50) pickPairs(pool, policy, NOW - back + ms);
        expect(bucket!.partnersPerS).toBeGreaterThan(1);
      }),
    );
  });

  it('who looked again in vain may do so a second later at most', () => {
    fc.assert(
      fc.property(backMs, (back) => {
        const agenda = new PickAgenda();
        agenda.rest(0, NOW);
        expect(agenda.mayLookAgain(0, NOW)).toBe(false);
        expect(agenda.mayLookAgain(0, NOW - back)).toBe(true);
        agenda.rest(0, NOW - back);
        expect(agenda.mayLookAgain(0, NOW - back + 999)).toBe(false);
        expect(agenda.mayLookAgain(0, NOW - back + 1_000)).toBe(true);
      }),
    );
  });

  it('as many come a second as before', () => {
    fc.assert(
      fc.property(backMs, fc.integer({ min: 1, max: 20 }), (back, perS) => {
        const rates = new ArrivalRates();
        const come = (fromMs: number) => {
          for (let ms = 0; ms < 60_000; ms += 1_000 / perS) rates.observe(aTicket(), fromMs + ms);
          return rates.rate(fromMs + 60_000);
        };
        const before = come(NOW);
        expect(come(NOW + 60_000 - back) / before).toBeCloseTo(1, 1);
      }),
      { numRuns: 30 },
    );
  });

  it('no profile is counted again and again while another is not', () => {
    const pool = new WaitingPool();
    for (const ageBand of [0, 1, 2]) pool.add(aTicket({ searchId: `s${ageBand}`, ageBand }));
    for (let ms = 0; ms < 3; ms++) countFitting(pool, NOW + ms, 3);
    for (let ms = 0; ms < 3; ms++) countFitting(pool, ms, 3);
    expect([...pool.buckets.values()].map(({ countedAtMs }) => countedAtMs).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2,
    ]);
  });
});

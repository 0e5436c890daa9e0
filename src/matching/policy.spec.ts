import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairnessBonus } from './fairness.js';
import { mayMeet } from './hard-rules.js';
import { holdS } from './hold.js';
import { Impatience } from './impatience.js';
import { Learning } from './learning.js';
import { pickPairs } from './pair-picker.js';
import { DEFAULT_POLICY } from './policy.config.js';
import { scorePair } from './score.js';
import { ShardPolicy } from './shard-policy.js';
import { hopefulsFor, thresholdFor } from './threshold.js';
import { aTicket, anyPool, anyTicket } from './ticket.arbitrary.js';
import type { SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';
import { widenAfterMs, widened } from './widen.js';

const { weights, hold, fairness, widen } = DEFAULT_POLICY;
const amount = fc.double({ min: 0, max: 1_000, noNaN: true });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const never = (): boolean => false;

describe('score', () => {
  it('lies in 0..1 and is the same both ways', () => {
    fc.assert(
      fc.property(anyTicket, anyTicket, share, (a, b, rarity) => {
        const score = scorePair(a, b, weights, () => rarity);
        expect(score).toBeCloseTo(
          scorePair(b, a, weights, () => rarity),
          12,
        );
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it('rises with each common interest', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (common, rarity) => {
        const tags = Array.from({ length: 10 }, (_, i) => i);
        const scoreOf = (shared: number): number => {
          const other = tags.map((tag) => (tag < shared ? tag : tag + 100));
          return scorePair(aTicket({ interests: tags }), aTicket({ interests: other }), weights, () => rarity);
        };
        expect(scoreOf(common + 1)).toBeGreaterThan(scoreOf(common));
      }),
    );
  });
});

describe('hard rules', () => {
  it('are the same both ways, and nobody may meet themselves', () => {
    fc.assert(
      fc.property(anyTicket, anyTicket, (a, b) => {
        expect(mayMeet(a, b, never)).toBe(mayMeet(b, a, never));
        expect(mayMeet(a, { ...b, userId: a.userId }, never)).toBe(false);
      }),
    );
  });

  it('know an avoided pair from either side', () => {
    const [a, b] = [aTicket({ userId: 'a' }), aTicket({ userId: 'b' })];
    expect(mayMeet(a, b, never)).toBe(true);
    for (const [from, to] of [
      ['a', 'b'],
      ['b', 'a'],
    ])
      // prettier-ignore
      expect(mayMeet(a, b, (one, other) => one === from && other === to)).toBe(false);
  });
});

describe('hold', () => {
  const prospects = fc.record({ partnersPerS: amount, hazardPerS: amount, thicknessGain: share, meanScore: share });

  it('is never longer than H, and nothing where nobody comes', () => {
    fc.assert(
      fc.property(prospects, (facts) => {
        expect(holdS(facts, hold)).toBeGreaterThanOrEqual(0);
        expect(holdS(facts, hold)).toBeLessThanOrEqual(hold.longestMs / 1_000);
        expect(holdS({ ...facts, partnersPerS: 0 }, hold)).toBe(0);
      }),
    );
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
});

describe('threshold', () => {
  it('takes anyone when no more than one is expected, and falls as the hold is used up', () => {
    fc.assert(
      fc.property(amount, amount, share, (rate, left, used) => {
        const quantile = (part: number): number => part;
        const before = thresholdFor(hopefulsFor(rate, left, 3), quantile);
        expect(thresholdFor(hopefulsFor(rate, left * used, 3), quantile)).toBeLessThanOrEqual(before);
        expect(thresholdFor(hopefulsFor(rate, 0, 3), quantile)).toBe(0);
        expect(hopefulsFor(rate, -left, 3)).toBe(0);
      }),
    );
  });
});

describe('fairness', () => {
  it('never falls with waiting or loss, and is capped', () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, (wait, more, mean, loss) => {
        const bonus = fairnessBonus(wait, mean, loss, fairness);
        expect(fairnessBonus(wait + more, mean, loss, fairness)).toBeGreaterThanOrEqual(bonus);
        expect(fairnessBonus(wait, mean, loss + more, fairness)).toBeGreaterThanOrEqual(bonus);
        expect(bonus).toBeGreaterThanOrEqual(0);
        expect(bonus).toBeLessThanOrEqual(fairness.seniority + fairness.classCap);
      }),
    );
  });
});

describe('widening', () => {
  it('comes within its bounds, sooner where fewer partners come', () => {
    fc.assert(
      fc.property(amount, amount, amount, (rate, more, hazard) => {
        const after = widenAfterMs(rate, hazard, widen);
        expect(after).toBeGreaterThanOrEqual(widen.earliestMs);
        expect(after).toBeLessThanOrEqual(widen.latestMs);
        expect(widenAfterMs(rate + more, hazard, widen)).toBeGreaterThanOrEqual(after);
      }),
    );
  });

  it('permits more and forbids nothing, and leaves gender as it is', () => {
    fc.assert(
      fc.property(anyTicket, anyTicket, (a, b) => {
        expect(widened(a).seeksGenders).toBe(a.seeksGenders);
        if (mayMeet(a, b, never)) expect(mayMeet(widened(a), widened(b), never)).toBe(true);
      }),
    );
  });
});

describe('learning', () => {
  type Happening = 'arrived' | 'matched' | 'gave_up' | 'lost';
  const life = fc.array(
    fc.tuple(anyTicket, anyTicket, fc.constantFrom<Happening>('arrived', 'matched', 'gave_up', 'lost')),
    {
      maxLength: 200,
    },
  );

  function live(happenings: [SearchTicket, SearchTicket, Happening][]): ShardPolicy {
    const policy = new ShardPolicy();
    for (const [i, [a, b, what]] of happenings.entries()) {
      const nowMs = 60_000 + i * 100;
      if (what === 'arrived') policy.arrived(a, nowMs);
      else if (what === 'matched') policy.paired({ a, b, score: 0.5 }, nowMs);
      else policy.departed(a, nowMs, what);
    }
    return policy;
  }

  it('stays within its bounds whatever happens, and goes on from its snapshot as if nothing had been', () => {
    fc.assert(
      fc.property(life, anyTicket, (happenings, ticket) => {
        const { learning } = live(happenings);
        const again = Learning.fromSnapshot(JSON.parse(JSON.stringify(learning.toSnapshot())));
        for (const one of [learning, again]) {
          expect(one.meanScore).toBeGreaterThanOrEqual(0);
          expect(one.meanScore).toBeLessThanOrEqual(1);
          expect(one.losses.excess(ticket)).toBeGreaterThanOrEqual(0);
          expect(one.losses.excess(ticket)).toBeLessThanOrEqual(2);
          expect(one.impatience.hazard(5)).toBeGreaterThan(0);
          expect(one.impatience.hazard(5)).toBeLessThanOrEqual(1);
        }
        expect(again.arrivals.rate(100_000)).toBeCloseTo(learning.arrivals.rate(100_000), 9);
        expect(again.meanWaitS).toBeCloseTo(learning.meanWaitS, 9);
        expect(again.losses.excess(ticket)).toBeCloseTo(learning.losses.excess(ticket), 9);
      }),
      { numRuns: 50 },
    );
  });

  it('leaves a snapshot of another version aside', () => {
    const snapshot = { ...live([]).learning.toSnapshot(), version: 0 };
    expect(Learning.fromSnapshot(snapshot).toSnapshot().version).not.toBe(0);
  });

  it('finds a steady rate of arrivals, from the first minute on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), (perS) => {
        const policy = new ShardPolicy();
        for (let ms = 0; ms < 60_000; ms += 1_000 / perS) policy.arrived(aTicket({ sinceMs: ms }), ms);
        const rate = policy.learning.arrivals.rate(60_000);
        expect(rate).toBeGreaterThan(perS * 0.9);
        expect(rate).toBeLessThan(perS * 1.1);
      }),
      { numRuns: 20 },
    );
  });

  it('takes network noise for exposure and never for impatience', () => {
    const [patient, leaving] = [new Impatience(), new Impatience()];
    for (let i = 0; i < 1_000; i += 1) {
      patient.observe(5, false);
      leaving.observe(5, true);
    }
    expect(patient.hazard(4)).toBeLessThan(new Impatience().hazard(4));
    expect(leaving.hazard(4)).toBeGreaterThan(new Impatience().hazard(4));
  });
});

describe('the pick', () => {
  const poolOf = (tickets: SearchTicket[]): WaitingPool => {
    const pool = new WaitingPool();
    for (const ticket of tickets) pool.add(ticket);
    return pool;
  };

  it('leaves no two that may meet waiting beyond H', () => {
    fc.assert(
      fc.property(anyPool, (tickets) => {
        const policy = new ShardPolicy();
        const nowMs = Math.max(0, ...tickets.map((t) => t.sinceMs)) + hold.longestMs;
        const paired = new Set(
          pickPairs(poolOf(tickets), policy, nowMs).flatMap(({ a, b }) => [a.searchId, b.searchId]),
        );
        const left = tickets.filter((ticket) => !paired.has(ticket.searchId));
        const stale = left.filter((a) => left.some((b) => a !== b && mayMeet(a, b, never)));
        expect(stale).toEqual([]);
      }),
    );
  });

  it('takes the lonely pair at once when nobody else is expected', () => {
    const pair = [aTicket({ searchId: 'a' }), aTicket({ searchId: 'b' })];
    expect(pickPairs(poolOf(pair), new ShardPolicy(), 0)).toHaveLength(1);
  });

  it('of two that are alike gives the only partner to the one who waits longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), (longer) => {
        const waiting = [
          aTicket({ searchId: 'late', gender: 1, seeksGenders: 1, sinceMs: longer }),
          aTicket({ searchId: 'early', gender: 1, seeksGenders: 1, sinceMs: 0 }),
          aTicket({ searchId: 'partner', gender: 0, sinceMs: longer }),
        ];
        const [pair] = pickPairs(poolOf(waiting), new ShardPolicy(), longer + 1_000);
        expect([pair?.a.searchId, pair?.b.searchId]).toContain('early');
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classBonus, seniorityBonus } from './fairness.js';
import { mayMeet } from './hard-rules.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { scorePair } from './score.js';
import { aTicket, anyTicket } from './ticket.arbitrary.js';
import { widenAfterMs, widened } from './widen.js';

const { weights, fairness, widen } = DEFAULT_POLICY;
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

  it('let two meet without a common language when both opted in, and one opt-in is none', () => {
    const [here, there] = [aTicket({ userId: 'a', languages: [0] }), aTicket({ userId: 'b', languages: [1] })];
    for (const [one, other] of [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ] as const) {
      const [a, b] = [widened({ ...here, opensLanguage: one }), widened({ ...there, opensLanguage: other })];
      expect(mayMeet(a, b, never)).toBe(one && other);
    }
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

describe('fairness', () => {
  it('never falls with waiting or loss, and is capped', () => {
    fc.assert(
      fc.property(amount, amount, amount, amount, (wait, more, mean, loss) => {
        const seniority = seniorityBonus(wait, mean, fairness);
        expect(seniorityBonus(wait + more, mean, fairness)).toBeGreaterThanOrEqual(seniority);
        expect(seniority).toBeGreaterThanOrEqual(0);
        expect(seniority).toBeLessThanOrEqual(fairness.seniority);
        const ofClass = classBonus(loss, fairness);
        expect(classBonus(loss + more, fairness)).toBeGreaterThanOrEqual(ofClass);
        expect(ofClass).toBeGreaterThanOrEqual(0);
        expect(ofClass).toBeLessThanOrEqual(fairness.classCap);
      }),
    );
  });

  it('gives a class three times what it loses beyond all others, up to half a score', () => {
    expect(classBonus(0.1, fairness)).toBeCloseTo(0.3, 12);
    expect(classBonus(0.5, fairness)).toBe(0.5);
    expect(classBonus(-0.1, fairness)).toBe(0);
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

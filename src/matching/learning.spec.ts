import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Impatience } from './impatience.js';
import { Learning } from './learning.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket, anyTicket } from './ticket.arbitrary.js';
import type { SearchTicket } from './ticket.types.js';

type Happening = 'arrived' | 'matched' | 'gave_up' | 'lost' | 'looked';
const share = fc.double({ min: 0, max: 1, noNaN: true });
const happening = fc.constantFrom<Happening>('arrived', 'matched', 'gave_up', 'lost', 'looked');
const life = fc.array(fc.tuple(anyTicket, anyTicket, happening, share), { maxLength: 200 });

/** What a shard has learnt from a life, 100 ms between two happenings. */
function live(happenings: [SearchTicket, SearchTicket, Happening, number][]): Learning {
  const policy = new ShardPolicy();
  for (const [i, [a, b, what, score]] of happenings.entries()) {
    const nowMs = 60_000 + i * 100;
    if (what === 'arrived') policy.arrived(a, nowMs);
    else if (what === 'matched') policy.paired({ a, b, score }, nowMs);
    else if (what !== 'looked') policy.departed(a, nowMs, what);
    else {
      policy.learning.scores.observe(a.interests.length, score);
      policy.learning.thicknessGain.observe(score, score / 2);
    }
  }
  return policy.learning;
}

/** Everything that the policy reads of what was learnt, about one search. */
const readings = (learning: Learning, ticket: SearchTicket): number[] => [
  learning.arrivals.rate(100_000),
  learning.arrivals.rateFor(ticket, 100_000),
  learning.thicknessGain.value,
  learning.meanScore,
  learning.meanWaitS,
  learning.losses.excess(ticket),
  ...[0, 2, 5, 10, 30, 60].map((waitS) => learning.impatience.hazard(waitS)),
  ...[0, 0.2, 0.5, 0.9, 0.99].map((part) => learning.scores.quantile(ticket.interests.length, part)),
];

describe('learning', () => {
  it('stays within its bounds whatever happens', () => {
    fc.assert(
      fc.property(life, anyTicket, (happenings, ticket) => {
        const learning = live(happenings);
        expect(learning.meanScore).toBeGreaterThanOrEqual(0);
        expect(learning.meanScore).toBeLessThanOrEqual(1);
        expect(learning.losses.excess(ticket)).toBeGreaterThanOrEqual(0);
        expect(learning.losses.excess(ticket)).toBeLessThanOrEqual(2);
        expect(learning.impatience.hazard(5)).toBeGreaterThan(0);
        expect(learning.impatience.hazard(5)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });

  it('goes on from its snapshot as if nothing had been', () => {
    fc.assert(
      fc.property(life, anyTicket, (happenings, ticket) => {
        const learning = live(happenings);
        const again = Learning.fromSnapshot(JSON.parse(JSON.stringify(learning.toSnapshot())));
        const before = readings(learning, ticket);
        for (const [i, value] of readings(again, ticket).entries()) expect(value).toBeCloseTo(before[i]!, 9);
      }),
      { numRuns: 50 },
    );
  });

  it('has something to say in each of its readings once it has lived', () => {
    const [a, b] = [aTicket({ searchId: 'a' }), aTicket({ searchId: 'b' })];
    const all: Happening[] = ['arrived', 'matched', 'gave_up', 'looked'];
    const happenings = Array.from({ length: 400 }, (_, i) => [a, b, all[i % 4]!, 0.9] as never);
    const [lived, newborn] = [readings(live(happenings), a), readings(new Learning(), a)];
    const silent = lived.flatMap((value, i) => (Math.abs(value - newborn[i]!) < 1e-6 ? [i] : []));
    expect(silent).toEqual([]);
  });

  it('leaves a snapshot of another version aside', () => {
    const lived = live([[aTicket(), aTicket(), 'matched', 1]]);
    expect(Learning.fromSnapshot({ ...lived.toSnapshot(), version: 0 })).toEqual(new Learning());
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
});

describe('only clean signals count', () => {
  const badly = aTicket({ searchId: 'x', gender: 1, seeksGenders: 1, languages: [3] });
  const well = (i: number): SearchTicket => aTicket({ searchId: `w${i}`, sinceMs: 59_000 });

  /** A shard where all others are matched after a second, and one class leaves after a minute. */
  function shardThat(how: 'gave_up' | 'lost', times = 60): Learning {
    const policy = new ShardPolicy();
    for (let i = 0; i < times; i++) {
      policy.paired({ a: well(2 * i), b: well(2 * i + 1), score: 0.5 }, 60_000);
      policy.departed(badly, 60_000, how);
    }
    return policy.learning;
  }

  it('a lost connection says nothing about how a class fares; giving up does', () => {
    expect(shardThat('lost').losses.excess(badly)).toBe(0);
    expect(shardThat('gave_up').losses.excess(badly)).toBeGreaterThan(0.4);
  });

  it('a lost connection was patient until then; giving up was not', () => {
    const before = new Learning().impatience.hazard(60);
    expect(shardThat('lost').impatience.hazard(60)).toBeLessThan(before);
    expect(shardThat('lost').impatience.hazard(30)).toBeLessThan(before);
    expect(shardThat('gave_up').impatience.hazard(60)).toBeGreaterThan(before);
  });

  it('a match is no sign of impatience', () => {
    const learning = new Learning();
    for (let i = 0; i < 60; i++) learning.matched(badly, badly, 0.5, 60_000);
    expect(learning.impatience.hazard(60)).toBeLessThan(new Learning().impatience.hazard(60));
  });

  it('takes exposure for patience, bucket by bucket', () => {
    const [patient, leaving] = [new Impatience(), new Impatience()];
    for (let i = 0; i < 1_000; i += 1) {
      patient.observe(5, false);
      leaving.observe(5, true);
    }
    expect(patient.hazard(4)).toBeLessThan(new Impatience().hazard(4));
    expect(leaving.hazard(4)).toBeGreaterThan(new Impatience().hazard(4));
    expect(leaving.hazard(2)).toBeLessThan(new Impatience().hazard(2));
    expect(leaving.hazard(10)).toBe(new Impatience().hazard(10));
  });

  it('a long wait is a loss although a partner came, and as bad as none from 30 s on', () => {
    const excessAfter = (waitS: number): number => {
      const learning = new Learning();
      for (let i = 0; i < 500; i++) {
        learning.losses.observe(aTicket(), 0, true);
        learning.losses.observe(badly, waitS, true);
      }
      return learning.losses.excess(badly);
    };
    expect(excessAfter(0)).toBe(0);
    expect(excessAfter(15)).toBeGreaterThan(excessAfter(5));
    expect(excessAfter(90)).toBeCloseTo(excessAfter(30), 9);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayMeet } from './hard-rules.js';
import { pickPairs } from './pair-picker.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { scorePair } from './score.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket, anyPool } from './ticket.arbitrary.js';
import type { SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';

const { weights, hold, widen } = DEFAULT_POLICY;
const never = (): boolean => false;

/** When the searches of these tests begin: until then the policy has learnt. */
const NOW = 120_000;

const poolOf = (tickets: readonly SearchTicket[]): WaitingPool => {
  const pool = new WaitingPool();
  for (const ticket of tickets) pool.add(ticket);
  return pool;
};

/** A policy that has seen so many arrivals a second for two minutes, and scores spread evenly over a span. */
function learntPolicy({ perS, scores = [0.2, 0.9] }: { perS: number; scores?: [number, number] }): ShardPolicy {
  const policy = new ShardPolicy();
  for (let ms = 0; ms < NOW; ms += 1_000 / perS) policy.arrived(aTicket({ sinceMs: ms }), ms);
  const [least, most] = scores;
  for (let tags = 0; tags <= 10; tags++) {
    for (let i = 0; i < 500; i++) policy.learning.scores.observe(tags, least + (most - least) * (i / 500));
  }
  return policy;
}

/** The people of this pool whom the policy joins, as `a+b`. */
const joined = (tickets: readonly SearchTicket[], policy: ShardPolicy, nowMs: number): string[] =>
  pickPairs(poolOf(tickets), policy, nowMs).map(({ a, b }) => [a.searchId, b.searchId].sort().join('+'));

const person = (searchId: string, about: Partial<SearchTicket> = {}): SearchTicket =>
  aTicket({ searchId, sinceMs: NOW, ...about });

describe('where many come', () => {
  const middling = [person('a'), person('b')];
  const rare = { interests: [1, 2, 3], region: 1 };
  const excellent = [person('a', rare), person('b', rare)];

  it('two who could do better wait, though not beyond H', () => {
    const policy = learntPolicy({ perS: 20 });
    for (const waitedMs of [0, 200, 400]) expect(joined(middling, policy, NOW + waitedMs)).toEqual([]);
    expect(joined(middling, policy, NOW + hold.longestMs)).toEqual(['a+b']);
  });

  it('what they ask of each other falls as the hold is used up', () => {
    const policy = learntPolicy({ perS: 20, scores: [0.2, 0.7] });
    expect(joined(middling, policy, NOW)).toEqual([]);
    expect(joined(middling, policy, NOW + 750)).toEqual(['a+b']);
  });

  it('two who could hardly do better meet at once', () => {
    expect(joined(excellent, learntPolicy({ perS: 20 }), NOW)).toEqual(['a+b']);
  });

  it('the better a pair is, the sooner it is taken', () => {
    const trust = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(trust, trust, fc.boolean(), (one, other, sameRegion) => {
        const takenAfter = (closeness: number, region: number): number => {
          const policy = learntPolicy({ perS: 20, scores: [0.3, 0.8] });
          const pair = [person('a', { region }), person('b', { region, trust: closeness })];
          for (let ms = 0; ms <= hold.longestMs; ms += 50) if (joined(pair, policy, NOW + ms).length > 0) return ms;
          return Infinity;
        };
        const [worse, better] = [Math.min(one, other), Math.max(one, other)];
        const late = takenAfter(worse, 0);
        expect(late).toBeLessThanOrEqual(hold.longestMs);
        expect(takenAfter(better, sameRegion ? 1 : 0)).toBeLessThanOrEqual(late);
      }),
      { numRuns: 10 },
    );
  });

  it('leaves no two that may meet waiting beyond H', () => {
    fc.assert(
      fc.property(anyPool, fc.constantFrom(0, 0.5, 5, 50), (tickets, perS) => {
        const policy = perS === 0 ? new ShardPolicy() : learntPolicy({ perS });
        const begun = tickets.map((ticket) => ({ ...ticket, sinceMs: ticket.sinceMs + NOW - 60_000 }));
        const nowMs = NOW + hold.longestMs;
        const paired = new Set(pickPairs(poolOf(begun), policy, nowMs).flatMap(({ a, b }) => [a.searchId, b.searchId]));
        const left = begun.filter((ticket) => !paired.has(ticket.searchId));
        const stale = left.filter((a) => left.some((b) => a !== b && mayMeet(a, b, never)));
        expect(stale).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('where few come', () => {
  it('takes the lonely pair at once, however well others fared', () => {
    for (const perS of [0.02, 0.3, 0.6]) {
      const policy = learntPolicy({ perS, scores: [0.9, 1] });
      expect(joined([person('a'), person('b', { trust: 0 })], policy, NOW)).toEqual(['a+b']);
    }
    expect(joined([person('a'), person('b')], new ShardPolicy(), NOW)).toEqual(['a+b']);
  });
});

describe('who goes first', () => {
  const woman = person('woman', { gender: 0, region: 1, interests: [1] });
  /** Seeks women only: the class that fares badly. */
  const unlucky = person('unlucky', { seeksGenders: 1, region: 2, interests: [9] });
  const lucky = person('lucky', { region: 1, interests: [9] });

  function policyWithLoss(): ShardPolicy {
    const policy = new ShardPolicy();
    for (let i = 0; i < 200; i++) {
      policy.departed(aTicket({ ...unlucky, sinceMs: 0 }), NOW, 'gave_up');
      for (let j = 0; j < 5; j++) policy.learning.losses.observe(lucky, 0, true);
    }
    return policy;
  }

  it('of two who are alike it is the one who waits longer', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), (longer) => {
        const waiting = [
          person('late', { seeksGenders: 1, sinceMs: NOW + longer }),
          person('early', { seeksGenders: 1 }),
          person('partner', { gender: 0, sinceMs: NOW + longer }),
        ];
        expect(joined(waiting, new ShardPolicy(), NOW + longer + 1_000)).toEqual(['early+partner']);
      }),
    );
  });

  it('a class that fares badly comes before one that fares well and fits a little better', () => {
    expect(joined([woman, lucky, unlucky], new ShardPolicy(), NOW)).toEqual(['lucky+woman']);
    expect(joined([woman, lucky, unlucky], policyWithLoss(), NOW)).toEqual(['unlucky+woman']);
  });

  it('but never before one that fits far better: the correction is capped', () => {
    const soulmate = { ...lucky, interests: [1] };
    expect(joined([woman, soulmate, unlucky], policyWithLoss(), NOW)).toEqual(['lucky+woman']);
  });

  it('the best pair of all comes first, and is worth what its score says', () => {
    fc.assert(
      fc.property(anyPool, (tickets) => {
        const policy = new ShardPolicy();
        policy.tags.hold(Array.from({ length: 21 }, (_, at) => `tag ${at}`));
        const waiting = tickets.map((ticket) => ({ ...ticket, sinceMs: NOW }));
        for (const { interests } of waiting) policy.tags.countArrival(interests);
        const worth = (a: SearchTicket, b: SearchTicket) => scorePair(a, b, weights, (tag) => policy.tags.rarity(tag));
        const permitted = waiting.flatMap((a) => waiting.filter((b) => mayMeet(a, b, never)).map((b) => worth(a, b)));
        const pairs = pickPairs(poolOf(waiting), policy, NOW);
        for (const { a, b, score } of pairs) expect(score).toBeCloseTo(worth(a, b), 9);
        expect(pairs.length > 0).toBe(permitted.length > 0);
        if (pairs[0]) expect(pairs[0].score).toBeCloseTo(Math.max(...permitted), 9);
      }),
    );
  });
});

describe('widening', () => {
  const younger = person('young', { ageBand: 1, seeksAges: 0b00010 });
  const older = person('older', { ageBand: 2, seeksAges: 0b00100 });
  const opens = { opensLanguage: true };

  /** When the two are joined, ms of waiting; nothing while they wait for a minute. */
  function joinedAfter(a: SearchTicket, b: SearchTicket, policy = new ShardPolicy()): number | undefined {
    const pool = poolOf([a, b]);
    for (let ms = 0; ms <= 60_000; ms += 50) if (pickPairs(pool, policy, NOW + ms).length > 0) return ms;
    return undefined;
  }

  it('joins neighbours in age, at the earliest where few come and at the latest where many do', () => {
    expect(joinedAfter(younger, older)).toBe(widen.earliestMs);
    expect(joinedAfter(younger, older, learntPolicy({ perS: 20 }))).toBe(widen.latestMs);
  });

  it('reaches one age band and no further', () => {
    expect(joinedAfter(younger, { ...older, ageBand: 3, seeksAges: 0b01000 })).toBeUndefined();
    expect(joinedAfter(younger, { ...older, ageBand: 3, seeksAges: 0 })).toBeUndefined();
    expect(joinedAfter(younger, { ...older, ageBand: 0, seeksAges: 0 })).toBe(widen.earliestMs);
  });

  it('joins people without a common language when both opted in, not when one did', () => {
    const [here, there] = [person('here', { languages: [0] }), person('there', { languages: [1] })];
    expect(joinedAfter({ ...here, ...opens }, { ...there, ...opens })).toBe(widen.earliestMs);
    expect(joinedAfter({ ...here, ...opens }, there)).toBeUndefined();
    expect(joinedAfter(here, { ...there, ...opens })).toBeUndefined();
    expect(joinedAfter(here, there)).toBeUndefined();
  });

  it('never touches gender', () => {
    const seeksWomen = person('a', { gender: 1, seeksGenders: 0b001, ...opens });
    expect(joinedAfter(seeksWomen, person('b', { gender: 1, ...opens }))).toBeUndefined();
    expect(joinedAfter(seeksWomen, person('b', { gender: 0, seeksGenders: 0b100, ...opens }))).toBeUndefined();
  });
});

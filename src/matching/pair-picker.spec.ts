import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayMeet } from './hard-rules.js';
import { pickPairs } from './pair-picker.js';
import { PoolBucket } from './pool-bucket.js';
import { scorePair } from './score.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket, anyPool, anyTicket } from './ticket.arbitrary.js';
import { widened } from './widen.js';
import { WaitingPool } from './waiting-pool.js';

const poolOf = (tickets: Parameters<WaitingPool['add']>[0][]) => {
  const pool = new WaitingPool();
  for (const ticket of tickets) pool.add(ticket);
  return pool;
};

describe('pickPairs', () => {
  it('proposes nobody twice, and only pairs that may meet', () => {
    fc.assert(
      fc.property(anyPool, (tickets) => {
        const policy = new ShardPolicy();
        const pairs = pickPairs(poolOf(tickets), policy, 60_000);
        const named = pairs.flatMap(({ a, b }) => [a.searchId, b.searchId]);
        expect(new Set(named).size).toBe(named.length);
        for (const { a, b } of pairs) expect(mayMeet(widened(a), widened(b), policy.avoids)).toBe(true);
      }),
    );
  });

  it('proposes nobody who is avoided from either side', () => {
    const pair = [aTicket({ searchId: 'a', userId: 'u1' }), aTicket({ searchId: 'b', userId: 'u2' })];
    for (const [from, to] of [
      ['u1', 'u2'],
      ['u2', 'u1'],
    ]) {
      const avoids = (one: string, other: string) => one === from && other === to;
      expect(pickPairs(poolOf(pair), new ShardPolicy({ avoids }), 60_000)).toEqual([]);
    }
    expect(pickPairs(poolOf(pair), new ShardPolicy(), 60_000)).toHaveLength(1);
  });

  it('scores a pair as the formula does', () => {
    fc.assert(
      fc.property(anyPool, (tickets) => {
        const policy = new ShardPolicy();
        for (const { interests } of tickets) policy.tags.hold(interests.map((id) => `tag ${id}`));
        for (const ticket of tickets) policy.arrived(ticket, 60_000);
        for (const { a, b, score } of pickPairs(poolOf(tickets), policy, 60_000))
          expect(score).toBeCloseTo(
            scorePair(a, b, policy.config.weights, (tag) => policy.tags.rarity(tag)),
            12,
          );
      }),
    );
  });

  it('finds the same buckets fit as the hard rules do people', () => {
    fc.assert(
      fc.property(anyTicket, anyTicket, fc.boolean(), (one, other, wider) => {
        const [a, b] = [one, { ...other, userId: 'another' }].map((ticket) => (wider ? widened(ticket) : ticket));
        const fits = new PoolBucket('a', a!).fits(new PoolBucket('b', b!));
        expect(fits).toBe(mayMeet({ ...a!, userId: 'one' }, b!, () => false));
      }),
      { numRuns: 1_000 },
    );
  });

  it('proposes the same again for the same pool', () => {
    fc.assert(
      fc.property(anyPool, (tickets) => {
        const pick = () => pickPairs(poolOf(tickets), new ShardPolicy(), 60_000);
        expect(pick()).toEqual(pick());
      }),
    );
  });
});

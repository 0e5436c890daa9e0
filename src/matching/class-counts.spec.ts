import { describe, expect, it } from 'vitest';
import { MatchRates, countClasses } from './class-counts.js';
import { pickPairs } from './pair-picker.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket } from './ticket.arbitrary.js';
import type { SearchTicket } from './ticket.types.js';
import { WaitingPool } from './waiting-pool.js';

const NOW = 60_000;
const person = (searchId: string, about: Partial<SearchTicket> = {}): SearchTicket =>
  aTicket({ searchId, sinceMs: NOW, ...about });

/** Where twenty a second come and most pairs are better than these: everybody holds. */
function holdingPolicy(): ShardPolicy {
  const policy = new ShardPolicy();
  for (let ms = 0; ms < NOW; ms += 50) policy.arrived(aTicket({ sinceMs: ms }), ms);
  for (let i = 0; i < 100; i++) policy.learning.scores.observe(0, 0.9);
  return policy;
}

describe('the count of classes', () => {
  it('knows who waits, and who waits although a partner is there', () => {
    const pool = new WaitingPool();
    const policy = holdingPolicy();
    for (const ticket of [person('a'), person('b'), person('alone', { seeksGenders: 0b001 })]) pool.add(ticket);
    expect(pickPairs(pool, policy, NOW)).toEqual([]);
    expect(Object.fromEntries(countClasses(pool, policy.book))).toEqual({
      '1.0': { waiting: 2, holding: 2 },
      '1.1': { waiting: 1, holding: 0 },
    });
  });

  it('nobody holds whose partner has gone', () => {
    const pool = new WaitingPool();
    const policy = holdingPolicy();
    for (const ticket of [person('a'), person('b')]) pool.add(ticket);
    pickPairs(pool, policy, NOW);
    pool.remove('b');
    expect(Object.fromEntries(countClasses(pool, policy.book))).toEqual({ '1.0': { waiting: 1, holding: 0 } });
  });

  it('nobody who has not looked yet holds', () => {
    const pool = new WaitingPool();
    pool.add(person('a'));
    const { book } = new ShardPolicy();
    expect(countClasses(pool, book).get('1.0')).toEqual({ waiting: 1, holding: 0 });
  });
});

describe('match rates', () => {
  it('are of those who ended, once enough have, and the worst is the least', () => {
    const rates = new MatchRates();
    expect(rates.worst()).toBeUndefined();
    for (let i = 0; i < 100; i++) {
      rates.observe('1.0', true);
      rates.observe('1.1', i % 4 === 0);
    }
    for (let i = 0; i < 5; i++) rates.observe('2.2', false);
    expect([...rates.rates().keys()]).toEqual(['1.0', '1.1']);
    expect(rates.rates().get('1.0')).toBe(1);
    expect(rates.worst()).toBeGreaterThan(0.2);
    expect(rates.worst()).toBeLessThan(0.3);
  });

  it('follow what changes', () => {
    const rates = new MatchRates();
    for (let i = 0; i < 300; i++) rates.observe('1.0', false);
    for (let i = 0; i < 3_000; i++) rates.observe('1.0', true);
    expect(rates.worst()).toBeGreaterThan(0.99);
  });
});

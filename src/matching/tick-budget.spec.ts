import { describe, expect, it, vi } from 'vitest';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { TICK_BUDGET, pickPairs } from './pair-picker.js';
import { PartnerScan } from './partner-scan.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket } from './ticket.arbitrary.js';
import { WaitingPool } from './waiting-pool.js';

const NOW_MS = 60_000;

/** Adds `count` more. */
function crowd(pool: WaitingPool, count: number, profileOf: (i: number) => Parameters<typeof aTicket>[0] = () => ({})) {
  for (let i = 0; i < count; i += 1) {
    const id = `${pool.size}`;
    pool.add(aTicket({ searchId: `s${id}`, userId: `u${id}`, sinceMs: NOW_MS, ...profileOf(i) }));
  }
}

/** What each look of one pick scored. */
function scoredInPick(pool: WaitingPool, policy: ShardPolicy): number[] {
  const looks = vi.spyOn(PartnerScan.prototype, 'look');
  pickPairs(pool, policy, NOW_MS, TICK_BUDGET);
  const scored = looks.mock.results.map(({ value }) => Number(value));
  looks.mockRestore();
  return scored;
}

const total = (counts: number[]): number => counts.reduce((sum, count) => sum + count, 0);

describe('the budget of a tick', () => {
  it('lets all look in a great crowd, each at its share of those who wait', () => {
    const pool = new WaitingPool();
    const policy = new ShardPolicy({ avoids: () => true });
    crowd(pool, 6_000);
    while (pool.fresh.length + policy.agenda.looks.length > 0) pickPairs(pool, policy, NOW_MS, TICK_BUDGET);

    crowd(pool, 300);
    const scored = scoredInPick(pool, policy);
    expect(scored).toHaveLength(300);
    expect(total(scored)).toBeLessThanOrEqual(TICK_BUDGET.pairs);
    // Those who have not looked yet stand in the sample, and are not scored.
    expect(total(scored)).toBeGreaterThan(TICK_BUDGET.pairs * 0.9);

    crowd(pool, 10);
    expect(Math.max(...scoredInPick(pool, policy))).toBe(policy.config.scanned);
  });

  it('counts the buckets that a look passes by', () => {
    const pool = new WaitingPool();
    const policy = new ShardPolicy({ avoids: () => true });
    // Everybody speaks a language of their own: no look scores anybody.
    crowd(pool, 6_000, (i) => ({ languages: [i] }));
    const scored = scoredInPick(pool, policy);
    expect(total(scored)).toBe(0);
    // 6,000 of them cost as much as 750 pairs.
    expect(scored).toHaveLength(Math.ceil(TICK_BUDGET.pairs / 750));
  });
});

const roundEveryTick = { startPerS: 0, stopPerS: 0, everyMs: 1 };

it.each([
  ['by thresholds', DEFAULT_POLICY],
  ['by rounds', { ...DEFAULT_POLICY, rounds: roundEveryTick }],
])(
  'a tick %s allocates nothing by how many wait: V8 would collect the whole heap for it every two seconds',
  (_, config) => {
    const pool = new WaitingPool();
    const policy = new ShardPolicy({ config });
    crowd(pool, 20_000, () => ({ gender: 0, seeksGenders: 0b100 }));
    // Two who may meet, and are never claimed.
    crowd(pool, 2);
    for (let i = 0; i < 30; i += 1) pickPairs(pool, policy, NOW_MS + i, TICK_BUDGET);
    const before = process.memoryUsage().arrayBuffers;
    let pairs = 0;
    for (let i = 0; i < 50; i += 1) pairs += pickPairs(pool, policy, NOW_MS + 30 + i, TICK_BUDGET).length;
    expect(pairs).toBe(50);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 << 20);
  },
);

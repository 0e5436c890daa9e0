import { expect, it } from 'vitest';
import { ShardMirror } from './shard-mirror.js';
import { packAttributes } from './ticket-packing.js';

const NOW = 1_000_000;
const attrs = packAttributes({ ageBand: '25-34', languages: ['en'], interests: ['go'], seeks: {} });

/** Arrivals per second that a mirror knows of after a hundred entries that say so, all at once. */
function rateAfter(sinceMs: number): { perS: number; waiting: number } {
  const mirror = new ShardMirror();
  mirror.nowMs = NOW;
  for (let i = 0; i < 100; i++) {
    const ticket = { searchId: `s${i}`, userId: `u${i}`, version: 1, sinceMs, attrs, hasLists: false };
    mirror.apply({ kind: 'arrived', ticket }, undefined);
  }
  return { perS: mirror.policy.learning.arrivals.rate(NOW), waiting: mirror.pool.size };
}

it('who is put back after Redis was emptied has not come now', () => {
  expect(rateAfter(NOW - 30)).toEqual({ perS: 100, waiting: 100 });
  expect(rateAfter(NOW - 30_000)).toEqual({ perS: 0, waiting: 100 });
});

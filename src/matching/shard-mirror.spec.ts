import { describe, expect, it } from 'vitest';
import type { Delta } from './delta.js';
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
    mirror.apply({ id: `${NOW}-${i}`, delta: { kind: 'arrived', ticket } }, undefined);
  }
  return { perS: mirror.policy.learning.arrivals.rate(NOW), waiting: mirror.pool.size };
}

it('who is put back after Redis was emptied has not come now', () => {
  expect(rateAfter(NOW - 30)).toEqual({ perS: 100, waiting: 100 });
  expect(rateAfter(NOW - 30_000)).toEqual({ perS: 0, waiting: 100 });
});

describe('a mirror that follows late', () => {
  const ticket = { searchId: 's', userId: 'u', version: 1, sinceMs: NOW - 9_000, attrs, hasLists: false };
  const left: Delta = { kind: 'left', searchId: 's', why: 'gave_up' };

  function mirrorAt(nowMs: number, learntTo = '') {
    const departures: number[] = [];
    const mirror = new ShardMirror({ onDeparture: (_, __, atMs) => departures.push(atMs) });
    Object.assign(mirror, { nowMs, learntTo });
    mirror.apply({ id: `${NOW - 9_000}-3`, delta: { kind: 'arrived', ticket } }, undefined);
    mirror.apply({ id: `${NOW - 7_000}-10`, delta: left }, undefined);
    return { size: mirror.pool.size, came: mirror.policy.learning.arrivals.rate(nowMs) > 0, departures };
  }

  it('learns who came and gave up when they did so', () => {
    expect(mirrorAt(NOW)).toEqual({ size: 0, came: true, departures: [NOW - 7_000] });
    // The clock went back: it is not later than now.
    expect(mirrorAt(NOW - 8_000).departures).toEqual([NOW - 8_000]);
  });

  it('does not learn what has been learnt', () => {
    expect(mirrorAt(NOW, `${NOW - 9_000}-3`)).toEqual({ size: 0, came: false, departures: [NOW - 7_000] });
    expect(mirrorAt(NOW, `${NOW - 7_000}-9`).departures).toEqual([NOW - 7_000]);
    expect(mirrorAt(NOW, `${NOW - 7_000}-10`)).toEqual({ size: 0, came: false, departures: [] });
    expect(mirrorAt(NOW, `${NOW - 7_000}-11`).departures).toEqual([]);
  });

  it('counts the tags of who came, also where the rest has been learnt', () => {
    const [usual, late] = ['', `${NOW}-9`].map((learntTo) => {
      const mirror = new ShardMirror();
      Object.assign(mirror, { nowMs: NOW, learntTo });
      for (const i of [1, 2, 3]) {
        const arrived = { ...ticket, searchId: `s${i}`, userId: `u${i}`, sinceMs: NOW };
        mirror.apply({ id: `${NOW}-${i}`, delta: { kind: 'arrived', ticket: arrived } }, undefined);
      }
      return mirror.policy.tags.rarity(mirror.pool.get('s1')!.interests[0]!);
    });
    expect(late).toBe(usual);
  });

  it('learns on when Redis was emptied and its clock went back', () => {
    const mirror = new ShardMirror();
    Object.assign(mirror, { nowMs: NOW, learntTo: `${NOW + 3_600_000}-0` });
    mirror.built(`${NOW - 1}-0`);
    mirror.apply({ id: `${NOW}-0`, delta: { kind: 'arrived', ticket: { ...ticket, sinceMs: NOW } } }, undefined);
    expect(mirror.policy.learning.arrivals.rate(NOW)).toBeGreaterThan(0);
    mirror.built(`${NOW}-1`);
    expect(mirror.learntTo).toBe(`${NOW}-0`);
  });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { POLICY_BOUNDS } from '../config/read-policy.js';
import { ShardPolicy } from './shard-policy.js';
import { Standings } from './standings.js';
import { aTicket } from './ticket.arbitrary.js';
import { WaitingPool } from './waiting-pool.js';

const within = ([least, most]: readonly [number, number]) =>
  fc.nat(1_000).map((share) => least + (share / 1_000) * (most - least));
const { longestMs, waitCostPerS, expectation } = POLICY_BOUNDS.hold as Record<string, readonly [number, number]>;
const anyHold = fc.record({
  longestMs: within(longestMs!),
  waitCostPerS: within(waitCostPerS!),
  expectation: within(expectation!),
});

it('whoever waits on asks for no more than before, whatever is set and was learnt', () => {
  let held = 0;
  fc.assert(
    fc.property(
      anyHold,
      within([0.5, 50]),
      fc.array(fc.record({ waitS: within([0, 4]), gaveUp: fc.boolean(), many: fc.nat(300) }), { maxLength: 4 }),
      fc.uniqueArray(fc.nat(2_100), { minLength: 2, maxLength: 12 }),
      (hold, partnersPerS, ends, waitsMs) => {
        const policy = new ShardPolicy({ config: { ...DEFAULT_POLICY, hold } });
        for (const { waitS, gaveUp, many } of ends)
          for (let i = 0; i < many; i++) policy.learning.impatience.observe(waitS, gaveUp);
        for (let i = 0; i < 100; i++) policy.learning.scores.observe(0, i / 100);
        const pool = new WaitingPool();
        pool.add(aTicket());
        pool.bucketOf[0]!.partnersPerS = partnersPerS;
        const thresholds = [0, ...waitsMs]
          .toSorted((x, y) => x - y)
          .map((waitMs) => new Standings(pool, policy, waitMs).threshold(0));
        expect(thresholds).toEqual(thresholds.toSorted((x, y) => y - x));
        if (thresholds[0]! > 0) held += 1;
      },
    ),
    { numRuns: 1_000 },
  );
  expect(held).toBeGreaterThan(300);
});

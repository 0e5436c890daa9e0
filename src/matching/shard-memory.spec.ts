import { expect, it } from 'vitest';
import type { MatchingConfig } from '../config/config.types.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { MatchingCriteria } from './matching-criterion.port.js';
import { ShardMemory } from './shard-memory.js';
import { packAttributes } from './ticket-packing.js';

it('a shard is run by the policy of the deployment', async () => {
  const attrs = packAttributes({ ageBand: '25-34', languages: ['en'], interests: [], seeks: { ageBands: ['25-34'] } });
  const isWidenedAfter2s = async (earliestMs: number): Promise<boolean> => {
    const policy = { ...DEFAULT_POLICY, widen: { ...DEFAULT_POLICY.widen, earliestMs } };
    const [redis, config] = [{ get: async () => null } as never, { policy } as MatchingConfig];
    const memory = new ShardMemory(redis, {} as never, {} as never, new MatchingCriteria(), {} as never, config);
    const { mirror } = memory.of('all');
    mirror.put({ searchId: 's', userId: 'u', version: 1, sinceMs: 0, attrs, hasLists: false }, undefined);
    mirror.nowMs = 2_000;
    mirror.pick({ looks: 1, pairs: 1, widenings: 1 });
    return mirror.pool.widenedAt[mirror.pool.slotOf('s')!] === 1;
  };
  expect([await isWidenedAfter2s(1_500), await isWidenedAfter2s(2_001)]).toEqual([true, false]);
});

import { afterEach, expect, it, vi } from 'vitest';
import type { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { ClaimDesk } from './claim-desk.js';
import type { DeadSearches } from './dead-searches.js';
import { MatchingMetrics } from './matching.metrics.js';
import { PairClaimer } from './pair-claimer.js';
import { CLAIM_BATCH } from './search.limits.js';
import { claimScript } from './search.scripts.js';
import type { ClaimReply } from './search.scripts.js';
import { ShardMirror } from './shard-mirror.js';
import { packAttributes } from './ticket-packing.js';

// What is claimed is out of the pool for others: whatever fails after that, it is opened now, and not by the sweep in 5 s.

const attrs = packAttributes({ ageBand: '25-34', languages: ['en'], interests: [], seeks: {} });
const log = { warn: vi.fn() };
afterEach(() => vi.restoreAllMocks());

/** A mirror that proposes this many pairs. */
function mirrorOf(pairs: number): ShardMirror {
  const mirror = new ShardMirror();
  const arrive = (searchId: string) =>
    mirror.put({ searchId, userId: searchId, version: 1, sinceMs: 0, attrs, hasLists: false }, undefined);
  const proposed = Array.from({ length: pairs }, (_, i) => ({ a: arrive(`a${i}`), b: arrive(`b${i}`), score: 0.5 }));
  vi.spyOn(mirror, 'pick').mockReturnValue(proposed);
  return mirror;
}

function claimerOf(drop: () => Promise<number>): PairClaimer {
  const desk = new ClaimDesk({} as never, log as unknown as Log);
  return new PairClaimer(desk, { drop } as unknown as DeadSearches, new MatchingMetrics(new Metrics()), log as never);
}

const replies = (reply: ClaimReply, count = CLAIM_BATCH): ClaimReply[] => Array.from({ length: count }, () => reply);

it('what one batch has claimed is opened, though the next one fails', async () => {
  const mirror = mirrorOf(3 * CLAIM_BATCH);
  const run = vi.spyOn(claimScript, 'run').mockResolvedValueOnce(replies('claimed'));
  run.mockRejectedValueOnce(new Error('Redis is away'));
  const claims = await claimerOf(async () => 0).claim('all', mirror);
  expect([claims.length, run.mock.calls.length, mirror.pool.size]).toEqual([CLAIM_BATCH, 2, 4 * CLAIM_BATCH]);
  expect(log.warn).toHaveBeenCalledWith(expect.objectContaining({ event: 'matching.claims_cut_short', pairs: 64 }));
});

it('nothing claimed is a fault of the tick', async () => {
  vi.spyOn(claimScript, 'run').mockRejectedValueOnce(new Error('Redis is away'));
  await expect(claimerOf(async () => 0).claim('all', mirrorOf(1))).rejects.toThrow('Redis is away');
});

it('what was claimed is opened, though the dead cannot be dropped', async () => {
  vi.spyOn(claimScript, 'run').mockResolvedValueOnce([...replies('claimed', 1), ...replies('dead_a', 1)]);
  const claims = await claimerOf(() => Promise.reject(new Error('Redis is away'))).claim('all', mirrorOf(2));
  expect(claims.length).toBe(1);
  expect(log.warn).toHaveBeenCalledWith(expect.objectContaining({ event: 'matching.dead_not_dropped' }));
});

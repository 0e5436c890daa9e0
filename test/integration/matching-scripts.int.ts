import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS, withMutant } from '../support/script-mutants.js';
import { ScriptContract } from '../support/script-contract.js';
import { startRedisCluster } from '../../scripts/services/redis-cluster.mjs';
import { aSearch, eventually, partnersOf, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

let stage: MatchingStage;
let api: MatchingProcess;

beforeAll(async () => {
  stage = await startMatchingStage();
  api = await stage.startProcess('api');
});
afterAll(() => stage?.stop());

describe("matching's scripts", () => {
  it('keep what their headers promise', async () => {
    await expect(new ScriptContract(api).check()).resolves.toBeUndefined();
  });

  it.each(MUTANTS)('are caught without "$without" in $script', async (mutant) => {
    await withMutant(api.redis, mutant, () => expect(new ScriptContract(api).check()).rejects.toThrow());
  });
});

describe('on a cluster of three primaries', () => {
  it('keeps all keys of a shard in one slot, and pairs people', async () => {
    const cluster = await startMatchingStage({}, startRedisCluster);
    try {
      const [process] = await Promise.all([cluster.startProcess('api'), cluster.startProcess('worker')]);
      await new ScriptContract(process).check();
      const [a, b] = (await cluster.aCrowd(process.database, 2)) as [string, string];
      await Promise.all([a, b].map((user) => process.searches.start(user, aSearch())));
      expect(await eventually(async () => (await partnersOf(process.database, [a])).get(a))).toBe(b);
      await eventually(async () => (await process.searches.statusesOf([a, b])).size === 0);
    } finally {
      await cluster.stop();
    }
  });
});

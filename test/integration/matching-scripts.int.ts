import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MUTANTS, withMutant } from '../support/script-mutants.js';
import { ScriptContract } from '../support/script-contract.js';
import { startMatchingStage } from '../support/matching-stage.js';
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

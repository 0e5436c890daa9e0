import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MatchingModel } from '../support/matching-model.js';
import { anyHistory } from '../support/matching-model.history.js';
import { startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';
import { ScriptContract } from '../support/script-contract.js';
import { MODEL_BLIND_SPOTS, MUTANTS, withMutant } from '../support/script-mutants.js';
import type { Mutant } from '../support/script-mutants.js';
import { HISTORIES, mutantTable } from '../support/script-mutants.table.js';
import type { Finding } from '../support/script-mutants.table.js';

/** The same histories for each mutant, as far as what happens at once can be the same. */
const SEED = 7;

/** The scripts that the model's workers and sweeps run; what the others promise, it sees less of. */
const PLAYED = ['claimScript', 'settleScript', 'releaseScript'];

let stage: MatchingStage;
let api: MatchingProcess;
let model: MatchingModel;
const findings: Finding[] = [];

/** Only in `npm run test:model`: takes some minutes, and writes the table. */
describe.runIf(process.env['STOA_MODEL_RUNS'])("mutants of matching's scripts", () => {
  beforeAll(async () => {
    stage = await startMatchingStage();
    api = await stage.startProcess('api');
    model = new MatchingModel(stage, [api, await stage.startProcess('api')]);
  });
  afterAll(async () => {
    await stage?.stop();
    if (findings.length === MUTANTS.length) writeFileSync('docs/script-mutants.md', mutantTable(findings));
  });

  it.each(MUTANTS)('are caught without "$without" in $script', { timeout: 400_000 }, async (mutant) => {
    const byContract = await withMutant(api.redis, mutant, contractStep);
    const byModel = isAsked(mutant) ? await withMutant(api.redis, mutant, modelCheck) : undefined;
    findings.push({ mutant, byContract, ...(byModel && { byModel }) });
    expect(byContract).not.toBe('');
  });

  it('are seen by the model, too, as far as it can see them', () => {
    const asked = findings.flatMap(({ byModel }) => byModel ?? []);
    expect(asked.filter(({ check }) => check !== '').length / asked.length).toBeGreaterThan(0.9);
  });
});

/** The step of the contract that fails; '' when none does. */
async function contractStep(): Promise<string> {
  const error = await new ScriptContract(api).check().catch((thrown: Error) => thrown);
  return error ? (/ScriptContract\.(\w+)/.exec(error.stack ?? '')?.[1] ?? error.message) : '';
}

/** What the model found broken, and in which history; '' when it lived through all. */
async function modelCheck(): Promise<{ check: string; histories: number }> {
  const { errorInstance, numRuns } = await fc.check(
    fc.asyncProperty(anyHistory, (history) => model.live(history)),
    { numRuns: HISTORIES, seed: SEED, endOnFailure: true, timeout: 20_000 },
  );
  const message = errorInstance instanceof Error ? errorInstance.message : '';
  // Any other error, such as a store that was too slow, is no find.
  const check = /^broken: ([^:\n]*)/.exec(message)?.[1] ?? '';
  return { check, histories: numRuns };
}

const isAsked = ({ script, without }: Mutant): boolean =>
  PLAYED.includes(script) && MODEL_BLIND_SPOTS[`${script} ${without}`] === undefined;

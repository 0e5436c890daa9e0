import { spawnSync } from 'node:child_process';
import { POLICY_MUTANTS } from './policy-mutants.js';

/** Whether the policy's unit tests pass; with one mutant, or (`''`) as they are. */
function passes(mutant: string): boolean {
  const args = ['node_modules/vitest/vitest.mjs', 'run', '-c', 'vitest.mutants.config.ts'];
  const { status } = spawnSync(process.execPath, args, { env: { ...process.env, STOA_POLICY_MUTANT: mutant } });
  return status === 0;
}

if (!passes('')) throw new Error('the tests fail without any mutant');
const wanted = POLICY_MUTANTS.filter(({ name }) => name.includes(process.argv[2] ?? ''));
const survivors = wanted.filter(({ file, name }) => {
  const survives = passes(name);
  process.stdout.write(`${survives ? 'SURVIVED' : 'found   '} ${file}: ${name}\n`);
  return survives;
});
process.stdout.write(`\n${wanted.length - survivors.length} of ${wanted.length} found\n`);
process.exitCode = survivors.length > 0 ? 1 : 0;

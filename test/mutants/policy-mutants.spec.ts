import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { POLICY_MUTANTS } from './policy-mutants.js';
import { replaceOnce } from '../support/changed-build.js';

it.each(POLICY_MUTANTS)('the mutant of $file still fits: $name', (mutant) => {
  const source = readFileSync(`src/matching/${mutant.file}`, 'utf8');
  expect(replaceOnce(source, mutant)).not.toBe(source);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { POLICY_MUTANTS, mutated } from './policy-mutants.js';

it.each(POLICY_MUTANTS)('the mutant of $file still fits: $name', (mutant) => {
  const source = readFileSync(`src/matching/${mutant.file}`, 'utf8');
  expect(mutated(source, mutant)).not.toBe(source);
});

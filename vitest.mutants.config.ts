import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { POLICY_MUTANTS } from './test/mutants/policy-mutants.js';
import { replaceOnce } from './test/support/changed-build.js';

const mutant = POLICY_MUTANTS.find(({ name }) => name === process.env['STOA_POLICY_MUTANT']);

/** The policy's unit tests against one mutant (`npm run test:mutants` runs them against each). */
export default defineConfig({
  plugins: [
    {
      name: 'policy-mutant',
      enforce: 'pre',
      transform: (source, id) =>
        mutant && id === resolve('src/matching', mutant.file) ? replaceOnce(source, mutant) : null,
    },
  ],
  test: {
    globals: false,
    // The cache of transformed files would hide the mutant.
    fsModuleCache: false,
    isolate: false,
    pool: 'forks',
    maxWorkers: 2,
    bail: 1,
    testTimeout: 30_000,
    setupFiles: ['test/support/setup.ts'],
    include: ['src/matching/*.spec.ts'],
  },
});

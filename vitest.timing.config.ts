import { defineConfig } from 'vitest/config';

/** The timing proof (`npm run test:timing`): minutes long, and only worth something on a machine that does nothing else. */
export default defineConfig({
  test: {
    globals: false,
    pool: 'forks',
    maxWorkers: 1,
    include: ['test/timing/**/*.timing.ts'],
    setupFiles: ['test/support/setup.ts'],
    globalSetup: ['test/support/postgres.setup.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    reporters: ['verbose'],
  },
});

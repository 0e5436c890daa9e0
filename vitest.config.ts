import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';

/** Suites run one after the other: those that measure time get the machine to themselves. */
const suites = ['unit', 'integration', 'e2e', 'alone', 'faults', 'browser'];

/** Those of `test/e2e` that hold the product to a time, or load the machine: one at a time, after the others. */
const alone = ['conversation', 'crowd', 'herd', 'sign-in-flood', 'vanishing', 'worker-kill'].map(
  (file) => `test/e2e/${file}.e2e.ts`,
);

interface Suite {
  name: string;
  include: string[];
  exclude?: string[];
  globalSetup: string[];
  timeoutMs: number;
  /** Files at a time. */
  maxWorkers?: number;
}

function suite({ name, globalSetup, timeoutMs, maxWorkers = 1, ...files }: Suite): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      ...files,
      globalSetup: globalSetup.map((file) => `test/support/${file}`),
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      maxWorkers,
      sequence: { groupOrder: suites.indexOf(name) },
    },
  };
}

export default defineConfig({
  test: {
    globals: false,
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['test/support/setup.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          // Properties run hundreds of cases: on a busy machine that takes longer than vitest's five seconds.
          testTimeout: 30_000,
          include: ['{src,web,bench,test,scripts}/**/*.spec.{ts,tsx}'],
          exclude: ['test/{integration,e2e,faults,browser}/**'],
        },
      },
      suite({
        name: 'integration',
        include: ['test/integration/*.int.ts'],
        globalSetup: ['postgres.setup.ts'],
        timeoutMs: 30_000,
        maxWorkers: 2,
      }),
      suite({
        name: 'e2e',
        include: ['test/e2e/*.e2e.ts'],
        exclude: alone,
        globalSetup: ['build.setup.ts', 'postgres.setup.ts'],
        timeoutMs: 60_000,
        // They mostly wait: for clocks, limits, and processes that start and stop.
        maxWorkers: 3,
      }),
      suite({
        name: 'alone',
        include: alone,
        globalSetup: ['build.setup.ts', 'postgres.setup.ts'],
        timeoutMs: 60_000,
      }),
      suite({
        name: 'faults',
        include: ['test/faults/*.{spec,e2e}.ts'],
        globalSetup: ['build.setup.ts', 'postgres.setup.ts'],
        timeoutMs: 300_000,
      }),
      suite({
        name: 'browser',
        include: ['test/browser/*.spec.ts'],
        globalSetup: ['build.setup.ts', 'postgres.setup.ts', 'chromium.setup.ts'],
        timeoutMs: 120_000,
        maxWorkers: 2,
      }),
    ],
  },
});

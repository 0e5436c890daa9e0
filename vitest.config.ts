import { defineConfig } from 'vitest/config';
import type { TestProjectInlineConfiguration } from 'vitest/config';

/** Suites run one after the other: those that measure time get the machine to themselves. */
const suites = ['unit', 'integration', 'e2e', 'faults', 'browser'];

/** A suite of `test/<name>`; its files run one at a time where real processes and clocks are involved. */
function suite(name: string, globalSetup: string[], timeoutMs: number, maxWorkers = 1): TestProjectInlineConfiguration {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.{spec,int,e2e}.ts`],
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
      suite('integration', ['postgres.setup.ts'], 30_000, 2),
      suite('e2e', ['build.setup.ts', 'postgres.setup.ts'], 60_000),
      suite('faults', ['build.setup.ts', 'postgres.setup.ts'], 300_000),
      suite('browser', ['build.setup.ts', 'postgres.setup.ts', 'chromium.setup.ts'], 120_000),
    ],
  },
});

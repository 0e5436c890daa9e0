// npm run test:mutants [-- 'part of a name']: does the policy's unit test suite find each change of test/mutants/policy-mutants.ts?
import { node24, root } from './project.mjs';
import { main, start } from './processes.mjs';

await main(() => {
  const args = ['--import', './scripts/typescript-hooks.mjs', 'test/mutants/main.ts', ...process.argv.slice(2)];
  return start(node24(), args, { cwd: root }).exited;
});

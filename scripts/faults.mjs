// npm run faults [-- --seeds 3 --faults 10 --row "api kill" --mutants | --url https://…]: see docs/faults.md.
import { node24, root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { main, start } from './processes.mjs';

await main(async () => {
  await buildIfChanged();
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const hooks = ['--import', './scripts/typescript-hooks.mjs'];
  const args = [...flags, ...hooks, 'test/faults/main.ts', ...process.argv.slice(2)];
  return start(node24(), args, { cwd: root }).exited;
});

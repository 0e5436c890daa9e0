// npm run bench:limits [-- --repetitions 8 --seconds 6 --pairs 200 --rate 1000]: writes bench/results.md.
import { node24, root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { main, start } from './processes.mjs';

await main(async () => {
  await buildIfChanged();
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const hooks = ['--import', './scripts/typescript-hooks.mjs'];
  const args = [...flags, ...hooks, 'bench/limits/main.ts', ...process.argv.slice(2)];
  return start(node24(), args, { cwd: root }).exited;
});

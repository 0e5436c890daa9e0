// npm run bench:delivery [-- --repetitions 5 --seconds 6 --pairs 100 --rates 1000,5000 --idle 5000]: writes bench/results.md.
import { node24, root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { main, start } from './processes.mjs';

await main(async () => {
  await buildIfChanged();
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const hooks = ['--import', './scripts/typescript-hooks.mjs'];
  const args = [...flags, ...hooks, 'bench/delivery/main.ts', ...process.argv.slice(2)];
  return start(node24(), args, { cwd: root }).exited;
});

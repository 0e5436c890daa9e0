// npm run bench:flood [-- --repetitions 8 --seconds 5 --pairs 50 --rate 200 --attackers 48]: writes bench/results.md.
import { node24, root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { main, start } from './processes.mjs';

await main(async () => {
  await buildIfChanged();
  const flags = ['--experimental-transform-types', '--disable-warning=ExperimentalWarning'];
  const hooks = ['--import', './scripts/typescript-hooks.mjs'];
  const args = [...flags, ...hooks, 'bench/flood/main.ts', ...process.argv.slice(2)];
  return start(node24(), args, { cwd: root }).exited;
});

// npm run simulate [-- --rate 20 --hours 1 --policy adaptive,greedy,fifo,batch --seed 7 --population FILE]: a table, and .artifacts/simulate/report.html.
import { node24, root } from './project.mjs';
import { main, run, start } from './processes.mjs';
import { step } from './progress.mjs';

await main(async () => {
  const compile = () => run(node24(), ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.bench.json'], { cwd: root });
  await step('Compiling the simulator', compile);
  return start(node24(), ['.artifacts/bench/bench/simulate/main.js', ...process.argv.slice(2)], { cwd: root }).exited;
});

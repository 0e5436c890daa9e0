// npm run simulate [-- --rate 20 --hours 1 --policy adaptive,greedy,fifo,batch --seed 7 --seeds 1 --population FILE]: a table, and .artifacts/simulate/report.html.
import { node24, root } from './project.mjs';
import { compileBench } from './dist.mjs';
import { main, start } from './processes.mjs';

await main(async () => {
  await compileBench();
  return start(node24(), ['.artifacts/bench/bench/simulate/main.js', ...process.argv.slice(2)], { cwd: root }).exited;
});

// npm run bench:delivery [-- --repetitions 5 --seconds 6 --pairs 100 --rates 1000,5000 --idle 5000]: writes bench/results.md, and docs/capacity.md, which
// reckons with it.
import './project.mjs';
import { main } from './processes.mjs';
import { runTypescript } from './run-typescript.mjs';
import { writePage } from './scale/page.mjs';

await main(async () => {
  const code = await runTypescript('bench/delivery/main.ts');
  if (code === 0) await writePage();
  return code;
});

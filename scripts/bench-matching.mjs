// npm run bench:matching [-- --seconds 5 --pairs 10000 --waiting 100000 --rates 200,1000,4000]: writes bench/results-matching.md.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { node24, root } from './project.mjs';
import { main, run, start } from './processes.mjs';
import { step } from './progress.mjs';

await main(async () => {
  const compile = () => run(node24(), ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.bench.json'], { cwd: root });
  await step('Compiling the bench', compile);
  const compiled = join(root, '.artifacts/bench');
  cpSync(join(root, 'src/matching/lua'), join(compiled, 'src/matching/lua'), { recursive: true });
  cpSync(join(root, 'scripts'), join(compiled, 'scripts'), { recursive: true });
  return start(node24(), [join(compiled, 'bench/matching/main.js'), ...process.argv.slice(2)], { cwd: root }).exited;
});

// npm run bench:matching [-- --seconds 10 --pairs 10000 --waiting 100000 --rates 200,1000,4000]: writes bench/results-matching.md.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { node24, root } from './project.mjs';
import { compileBench } from './dist.mjs';
import { main, start } from './processes.mjs';

await main(async () => {
  await compileBench();
  const compiled = join(root, '.artifacts/bench');
  cpSync(join(root, 'src/matching/lua'), join(compiled, 'src/matching/lua'), { recursive: true });
  cpSync(join(root, 'scripts'), join(compiled, 'scripts'), { recursive: true });
  return start(node24(), [join(compiled, 'bench/matching/main.js'), ...process.argv.slice(2)], { cwd: root }).exited;
});

// npm run dev: like npm start, but built again and restarted whenever a source changes.
import { root } from './project.mjs';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, forgetBuild } from './dist.mjs';
import { install } from './install.mjs';
import { main } from './processes.mjs';
import { announce, endOfAny, migrate, readSettings, startNode, startServices, workerEnv } from './stoa.mjs';

await main(async (ready) => {
  const settings = await readSettings();
  await install();
  const [{ services, env }] = await Promise.all([startServices(settings), build()]);
  forgetBuild();
  await migrate(env);
  const parts = readdirSync(join(root, 'dist')).filter((name) => name !== 'web'); // which the api reads anew by itself
  const watched = ['--watch-preserve-output', ...parts.map((name) => `--watch-path=dist/${name}`)];
  const end = endOfAny({
    ...services,
    'The server build': startNode(['node_modules/@nestjs/cli/bin/nest.js', 'build', '--watch', '-b', 'swc'], env),
    'The client build': startNode(
      ['node_modules/vite/bin/vite.js', 'build', '--config', 'web/vite.config.ts', '--watch'],
      env,
    ),
    'The api': startNode([...watched, 'dist/main.js'], env),
    'The worker': startNode([...watched, 'dist/worker.js'], workerEnv(env)),
  });
  await Promise.race([announce(env), end]);
  ready();
  await end;
});

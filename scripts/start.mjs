// npm start: all that one machine needs to run Stoa, until it is told to stop.
import './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { install } from './install.mjs';
import { main } from './processes.mjs';
import { announce, endOfAny, migrate, readSettings, startNode, startServices, workerEnv } from './stoa.mjs';

await main(async (ready) => {
  const settings = await readSettings();
  await install();
  const [{ services, env }] = await Promise.all([startServices(settings), buildIfChanged()]);
  await migrate(env);
  const api = startNode(['dist/main.js'], env);
  const worker = startNode(['dist/worker.js'], workerEnv(env));
  const end = endOfAny({ ...services, 'The api': api, 'The worker': worker });
  await Promise.race([announce(env), end]);
  ready();
  await end;
});

// npm run topology: what deploy/compose.yml runs, without containers: several of each process behind the proxy, on private stores, until it is told to stop.
// npm run topology -- 4 1 runs four api processes and one worker; without numbers, two of each.
import './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { install } from './install.mjs';
import { Failure, main } from './processes.mjs';
import { freePort } from './services/server.mjs';
import { startProxy } from './services/proxy.mjs';
import { announce, endOfAny, migrate, readSettings, startNode, startServices } from './stoa.mjs';

function numberOf(argument, role) {
  if (/^[1-9]\d?$/.test(argument)) return Number(argument);
  throw new Failure(`${argument} is no number of ${role} (1 to 99): npm run topology -- APIS WORKERS`);
}

/** Places for `count` processes of a role, each with ports of its own. */
const placesFor = (file, count) =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const [PORT, METRICS_PORT] = [String(await freePort()), String(await freePort())];
      return { name: `${file} ${i + 1}`, file, ports: { PORT, METRICS_PORT } };
    }),
  );

await main(async (ready) => {
  const [apiCount = '2', workerCount = '2'] = process.argv.slice(2);
  const apis = await placesFor('main', numberOf(apiCount, 'api processes'));
  const workers = await placesFor('worker', numberOf(workerCount, 'workers'));
  const settings = await readSettings();
  const behindProxy = { PUBLIC_ORIGIN: `http://localhost:${settings.PORT}`, TRUST_PROXY: '127.0.0.1', ...settings };
  await install();
  const [{ services, env }, proxy] = await Promise.all([
    startServices(behindProxy),
    startProxy(
      apis.map(({ ports }) => Number(ports.PORT)),
      { port: Number(settings.PORT), perAddress: 9_000 },
    ),
    buildIfChanged(),
  ]);
  await migrate(env);
  const started = [...apis, ...workers].map(({ name, file, ports }) => [
    name,
    startNode([`dist/${file}.js`], { ...env, ...ports }),
  ]);
  const end = endOfAny({ ...services, HAProxy: proxy, ...Object.fromEntries(started) });
  await Promise.race([announce(env), end]);
  for (const { name, ports } of [...apis, ...workers])
    console.log(`  ${name}: http://127.0.0.1:${ports.METRICS_PORT}/metrics`);
  ready();
  await end;
});

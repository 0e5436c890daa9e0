// npm run scale: what a message, a match and an idle connection cost as processes are added, behind the proxy, on one Redis and on a cluster.
// Then thousands of idle connections on one api process. Keeps its figures in bench/results-scale.json and writes docs/capacity.md from them.
// npm run scale -- PEOPLE RATE SECONDS HELD IDLE: people and messages a second of each api process, and for how long; idle connections, and for how long
// they and the empty process before them are watched. Default 100, 100, 15 s, 4000, 60 s. HELD alone: ulimit -n must allow twice as many files.
// npm run scale -- page: writes the page anew from the last figures, after a change of the manifest or of the delivery bench.
import { cpus, loadavg } from 'node:os';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { install } from './install.mjs';
import { Failure, main, pause } from './processes.mjs';
import { step } from './progress.mjs';
import { openMeters } from './scale/cpu.mjs';
import { holdIdle } from './scale/idle.mjs';
import { load } from './scale/load.mjs';
import { writePage } from './scale/page.mjs';
import { startPostgres } from './services/postgres.mjs';
import { startProxy } from './services/proxy.mjs';
import { startRedisCluster } from './services/redis-cluster.mjs';
import { startRedis } from './services/redis.mjs';
import { freePort } from './services/server.mjs';
import { migrate, startNode } from './stoa.mjs';

const stages = [
  { apis: 1, workers: 1, cluster: false },
  { apis: 2, workers: 1, cluster: false },
  { apis: 4, workers: 1, cluster: false },
  { apis: 4, workers: 2, cluster: false },
  { apis: 4, workers: 2, cluster: true },
];

const origin = 'http://stoa.test';

const placesFor = (count) =>
  Promise.all(
    Array.from({ length: count }, async () => ({
      ports: { PORT: String(await freePort()), METRICS_PORT: String(await freePort()) },
    })),
  );

/** Waits until each process says that it can serve. */
async function ready(processes) {
  for (const { ports } of processes)
    for (let tries = 0; ; tries += 1) {
      const answer = await fetch(`http://127.0.0.1:${ports.METRICS_PORT}/health/ready`).catch(() => undefined);
      if (answer?.ok) break;
      if (tries > 600) throw new Failure('a process did not start');
      await pause(100);
    }
  await pause(1_500); // the proxy looks once a second
}

async function runStage({ apis: apiCount, workers: workerCount, cluster }, work) {
  const [apis, workers] = [await placesFor(apiCount), await placesFor(workerCount)];
  const [postgres, redis] = await Promise.all([
    startPostgres({ fresh: true }),
    cluster ? startRedisCluster() : startRedis({ fresh: true }),
  ]);
  const proxy = await startProxy(
    apis.map(({ ports }) => Number(ports.PORT)),
    { perAddress: 9_000 },
  );
  const env = {
    ...process.env,
    NODE_ENV: 'test',
    LOG_LEVEL: 'error',
    RATE_LIMITS: 'off',
    PUBLIC_ORIGIN: origin,
    TRUST_PROXY: '127.0.0.1',
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    SECRET_KEYS: 'scale:0123456789abcdef0123456789abcdef',
  };
  await migrate(env);
  const processes = [
    ...apis.map(({ ports }) => startNode(['dist/stoa.js', 'api'], { ...env, ...ports })),
    ...workers.map(({ ports }) => startNode(['dist/stoa.js', 'worker'], { ...env, ...ports })),
  ];
  await ready([...apis, ...workers]);
  const meters = await openMeters({ apis, workers, databaseUrl: postgres.url, redisUrl: redis.url });
  const row = await work({ url: proxy.url, apiUrl: `http://127.0.0.1:${apis[0].ports.PORT}`, origin, meters });
  await meters.close();
  await Promise.all(processes.map((running) => running.stop()));
  await proxy.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
  return row;
}

const machine = () =>
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), load average ${loadavg()[0]?.toFixed(1)} at the end; bots, proxy and stores on the same machine.`;

async function measureStages({ people, rate, seconds }) {
  const rows = [];
  for (const stage of stages) {
    const name = `${stage.apis} api, ${stage.workers} worker(s), ${stage.cluster ? 'Redis Cluster' : 'one Redis'}`;
    // Each process has the same to do, however many there are: then flat costs mean that growth is linear.
    const size = { people: people * stage.apis, rate: rate * stage.apis, seconds };
    const row = await step(name, () => runStage(stage, (place) => load({ ...place, ...size })));
    console.log(`  ${name}: ${JSON.stringify(row)}`);
    rows.push({ ...stage, ...row });
  }
  return { where: machine(), people, rate, seconds, rows };
}

const measureIdle = (held, seconds) =>
  step(`${held} idle connections on one api`, () =>
    runStage({ apis: 1, workers: 1, cluster: false }, ({ apiUrl, ...place }) =>
      holdIdle({ ...place, url: apiUrl, held, seconds }),
    ),
  );

await main(async () => {
  const [first, ...others] = process.argv.slice(2);
  if (first === 'page' && others.length === 0) return writePage();
  const numbers = process.argv.slice(2).map(Number);
  const [people = 100, rate = 100, seconds = 15, held = 4_000, idleSeconds = 60] = numbers;
  if (numbers.length > 5 || ![people, rate, seconds, held, idleSeconds].every((number) => number > 0))
    throw new Failure('npm run scale -- PEOPLE RATE SECONDS HELD IDLE, or npm run scale -- page');
  await install();
  await buildIfChanged();
  const measured = await measureStages({ people, rate, seconds });
  await writePage(measured);
  const idle = await measureIdle(held, idleSeconds);
  await writePage({ ...measured, idle: { where: machine(), seconds: idleSeconds, ...idle } });
  console.log(
    `\n${readFileSync(join(root, 'docs/capacity.md'), 'utf8').match(/^The autoscaler’s target of .*$/m)?.[0]}\n`,
  );
});

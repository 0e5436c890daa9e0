// npm run scale: what a message, a match and an idle connection cost as processes are added, behind the proxy, on one Redis and on a cluster.
// Writes its table into docs/capacity.md. npm run scale -- PEOPLE RATE SECONDS: people and messages a second of each api process; default 100, 100, 15 s.
import { cpus } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { install } from './install.mjs';
import { Failure, main, pause } from './processes.mjs';
import { step } from './progress.mjs';
import { openMeters } from './scale/cpu.mjs';
import { load } from './scale/load.mjs';
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

async function runStage({ apis: apiCount, workers: workerCount, cluster }, size) {
  const [apis, workers] = [await placesFor(apiCount), await placesFor(workerCount)];
  const [postgres, redis] = await Promise.all([
    startPostgres({ fresh: true }),
    cluster ? startRedisCluster() : startRedis({ fresh: true }),
  ]);
  const proxy = await startProxy(apis.map(({ ports }) => Number(ports.PORT)));
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
    ...apis.map(({ ports }) => startNode(['dist/main.js'], { ...env, ...ports })),
    ...workers.map(({ ports }) => startNode(['dist/worker.js'], { ...env, ...ports })),
  ];
  await ready([...apis, ...workers]);
  const meters = await openMeters({ apis, workers, databaseUrl: postgres.url, redisUrl: redis.url });
  const { people, rate, seconds } = size;
  // Each process has the same to do, however many there are: then flat costs mean that growth is linear.
  const row = await load({ url: proxy.url, origin, meters, people: people * apiCount, rate: rate * apiCount, seconds });
  await meters.close();
  await Promise.all(processes.map((running) => running.stop()));
  await proxy.stop();
  await Promise.all([postgres.stop(), redis.stop()]);
  return row;
}

const ms = (value) => value.toFixed(value < 10 ? 2 : 0);
const byKind = ({ api, worker, postgres, redis }) => `${ms(api)} / ${ms(worker)} / ${ms(postgres)} / ${ms(redis)}`;

function lineOf({ apis, workers, cluster }, row) {
  const cells = [
    apis,
    workers,
    cluster ? '3 primaries' : 'one',
    byKind(row.perMessage),
    row.ackMs.map(ms).join(' / '),
    byKind(row.perMatch),
    ms(row.matchMs),
    row.idleMicroseconds.toFixed(0),
    `${(row.bytesEach / 1_024).toFixed(0)} KiB`,
    ms(row.herdMs),
  ];
  return `| ${cells.join(' | ')} |`;
}

const heads = [
  'api',
  'workers',
  'Redis',
  'CPU per message (ms): api / worker / Postgres / Redis',
  'ack p50 / p99 (ms)',
  'CPU per match (ms): api / worker / Postgres / Redis',
  'match p99 (ms)',
  'CPU per idle connection (µs/s)',
  'memory per connection',
  'herd: last one back (ms)',
];

function write(table, { people, rate, seconds }) {
  const file = join(root, 'docs/capacity.md');
  const [before, , after] = readFileSync(file, 'utf8').split(/<!-- (?:\/?)scale -->/);
  const conditions = `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${people} people and ${rate} messages/s for each api process, for ${seconds} s; bots, proxy and stores on the same machine.`;
  writeFileSync(file, `${before}<!-- scale -->\n\n${conditions}\n\n${table.join('\n')}\n\n<!-- /scale -->${after}`);
}

await main(async () => {
  const [people = 100, rate = 100, seconds = 15] = process.argv.slice(2).map(Number);
  if (![people, rate, seconds].every((number) => number > 0)) throw new Failure('npm run scale -- PEOPLE RATE SECONDS');
  await install();
  await buildIfChanged();
  const table = [`| ${heads.join(' | ')} |`, `|${heads.map(() => '---').join('|')}|`];
  for (const stage of stages) {
    const name = `${stage.apis} api, ${stage.workers} worker(s), ${stage.cluster ? 'Redis Cluster' : 'one Redis'}`;
    const row = await step(name, () => runStage(stage, { people, rate, seconds }));
    table.push(lineOf(stage, row));
    console.log(table.at(-1));
  }
  write(table, { people, rate, seconds });
});

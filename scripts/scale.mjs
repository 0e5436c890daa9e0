// npm run scale: what a message, a match and an idle connection cost as processes are added, behind the proxy, on one Redis and on a cluster.
// Then thousands of idle connections on one api process. Writes its figures into docs/capacity.md, each between its marks.
// npm run scale -- PEOPLE RATE SECONDS HELD IDLE: people and messages a second of each api process, and for how long; idle connections, and for how long
// they and the empty process before them are watched. Default 100, 100, 15 s, 4000, 60 s. HELD alone: ulimit -n must allow twice as many files.
import { cpus, loadavg } from 'node:os';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { node24, root } from './project.mjs';
import { buildIfChanged } from './dist.mjs';
import { install } from './install.mjs';
import { Failure, main, pause, run } from './processes.mjs';
import { step } from './progress.mjs';
import { openMeters } from './scale/cpu.mjs';
import { holdIdle } from './scale/idle.mjs';
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

async function runStage({ apis: apiCount, workers: workerCount, cluster }, work) {
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

const ms = (value) => value.toFixed(value < 10 ? 2 : 0);
const byKind = ({ api, worker, postgres, redis }) => `${ms(api)} / ${ms(worker)} / ${ms(postgres)} / ${ms(redis)}`;

function lineOf({ apis, workers, cluster }, row) {
  const cells = [
    apis,
    workers,
    cluster ? '3 primaries' : 'one',
    row.connections,
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
  'connections held',
  'CPU per message (ms): api / worker / Postgres / Redis',
  'ack p50 / p99 (ms)',
  'CPU per match (ms): api / worker / Postgres / Redis',
  'match p99 (ms)',
  'CPU per idle connection (µs/s)',
  'memory per connection',
  'herd: last one back (ms)',
];

const machine = () =>
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores (${cpus()[0]?.model.trim()}), load average ${loadavg()[0]?.toFixed(1)} at the end; bots, proxy and stores on the same machine.`;

/** Puts `text` between the marks of that name in docs/capacity.md. */
function write(mark, text) {
  const file = join(root, 'docs/capacity.md');
  const parts = readFileSync(file, 'utf8').split(new RegExp(`<!-- /?${mark} -->`));
  if (parts.length !== 3) throw new Failure(`docs/capacity.md lacks the marks of ${mark}`);
  const [before, , after] = parts;
  writeFileSync(file, `${before}<!-- ${mark} -->\n\n${text}\n\n<!-- /${mark} -->${after}`);
}

/** One number of the api's manifest. */
function ofManifest(pattern) {
  const found = pattern.exec(readFileSync(join(root, 'deploy/kubernetes/api.yml'), 'utf8'));
  if (!found) throw new Failure(`deploy/kubernetes/api.yml has no ${pattern}`);
  return Number(found[1]);
}

const million = 1_000_000;
const MiB = 1_024 * 1_024;

/** What thousands of idle connections say of a process at the autoscaler's target, and of a million of them. */
function sayIdle({ held, microseconds, bytesEach, bytes }, seconds) {
  const target = ofManifest(/stoa_presence_connections \}, target: \{ type: AverageValue, averageValue: '(\d+)'/);
  const limit = ofManifest(/limits: \{ memory: (\d+)Mi \}/);
  const empty = bytes - held * bytesEach;
  const cores = (kind) => ((million * microseconds[kind]) / 1e6).toFixed(1);
  return [
    machine(),
    '',
    '| what | measured | at the autoscaler’s target | a million, all idle |',
    '|---|---|---|---|',
    `| connections on one api, as it counts them, watched for ${seconds} s | ${held} | ${target} | ${Math.ceil(million / target)} processes |`,
    ...['api', 'postgres', 'redis'].map(
      (kind) =>
        `| CPU of ${kind} per connection | ${microseconds[kind].toFixed(1)} µs/s | ${((target * microseconds[kind]) / 1e4).toFixed(0)} % of a core | ${cores(kind)} cores |`,
    ),
    `| memory of the api | ${(bytesEach / 1_024).toFixed(1)} KiB each, ${(bytes / MiB).toFixed(0)} MiB in all | ${((empty + target * bytesEach) / MiB).toFixed(0)} MiB of the limit of ${limit} MiB | ${((million * bytesEach) / MiB / 1_024).toFixed(0)} GiB and ${(empty / MiB).toFixed(0)} MiB for each process |`,
  ].join('\n');
}

await main(async () => {
  const numbers = process.argv.slice(2).map(Number);
  const [people = 100, rate = 100, seconds = 15, held = 4_000, idleSeconds = 60] = numbers;
  if (![people, rate, seconds, held, idleSeconds].every((number) => number > 0))
    throw new Failure('npm run scale -- PEOPLE RATE SECONDS HELD IDLE');
  await install();
  await buildIfChanged();
  const table = [`| ${heads.join(' | ')} |`, `|${heads.map(() => '---').join('|')}|`];
  for (const stage of stages) {
    const name = `${stage.apis} api, ${stage.workers} worker(s), ${stage.cluster ? 'Redis Cluster' : 'one Redis'}`;
    // Each process has the same to do, however many there are: then flat costs mean that growth is linear.
    const size = { people: people * stage.apis, rate: rate * stage.apis, seconds };
    const row = await step(name, () => runStage(stage, (place) => load({ ...place, ...size })));
    table.push(lineOf(stage, row));
    console.log(table.at(-1));
  }
  const conditions = `${people} people and ${rate} messages/s for each api process, for ${seconds} s. ${machine()}`;
  write('scale', [conditions, '', ...table].join('\n'));
  const idle = await step(`${held} idle connections on one api`, () =>
    runStage({ apis: 1, workers: 1, cluster: false }, ({ apiUrl, ...place }) =>
      holdIdle({ ...place, url: apiUrl, held, seconds: idleSeconds }),
    ),
  );
  write('idle', sayIdle(idle, idleSeconds));
  await run(node24(), ['node_modules/prettier/bin/prettier.cjs', '--write', 'docs/capacity.md'], { cwd: root });
});

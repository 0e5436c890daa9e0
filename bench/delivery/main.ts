import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { publish } from '../results-file.js';
import { withStores } from '../stores.js';
import { cpuMs, residentBytes } from './cpu.js';
import { Crowd, open } from './load.js';
import type { LoadResult } from './load.js';
import { idleSeats, postgresFamily, serverCpuMs, startPlain, startStoa } from './servers.js';
import type { Contender } from './servers.js';

const { values: args } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    pairs: { type: 'string', default: '100' },
    /** Messages a second at a fixed rate. */
    rate: { type: 'string', default: '1000' },
    idle: { type: 'string', default: '5000' },
  },
});
const [REPETITIONS, SECONDS, PAIRS, RATE, IDLE] = [
  Number(args.repetitions),
  Number(args.seconds),
  Number(args.pairs),
  Number(args.rate),
  Number(args.idle),
];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const quantile = (sorted: number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
const median = (values: number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

interface Sample {
  cpuUs: number;
  postgresUs: number;
  perSecond: number;
  p50: number;
  p99: number;
}

/** The median of an fdatasync of 8 KiB here (ms). */
function measureDisk(): number {
  mkdirSync('.artifacts/bench', { recursive: true });
  const file = '.artifacts/bench/disk';
  const handle = openSync(file, 'w');
  const times = Array.from({ length: 200 }, () => {
    const at = performance.now();
    writeSync(handle, Buffer.alloc(8_192));
    fdatasyncSync(handle);
    return performance.now() - at;
  });
  closeSync(handle);
  rmSync(file);
  return median(times);
}

async function sample(contender: Contender, databaseUrl: string, load: () => Promise<LoadResult>): Promise<Sample> {
  const postgres = await postgresFamily(databaseUrl);
  const postgresMs = (): number => postgres.reduce((sum, pid) => sum + cpuMs(pid), 0);
  const [own, store] = [serverCpuMs(contender), postgresMs()];
  const result = await load();
  const [ownUsed, storeUsed] = [serverCpuMs(contender) - own, postgresMs() - store];
  if (result.failed > 0 || result.delivered < result.messages)
    throw new Error(`${contender.name}: ${result.failed} failed, ${result.delivered} of ${result.messages} delivered`);
  return {
    cpuUs: (ownUsed * 1_000) / result.messages,
    postgresUs: (storeUsed * 1_000) / result.messages,
    perSecond: result.messages / result.seconds,
    p50: quantile(result.latencies, 0.5),
    p99: quantile(result.latencies, 0.99),
  };
}

/** Bytes of server memory for one connection that sits there. */
async function measureIdle(contender: Contender, count: number): Promise<number> {
  const memory = (): number => contender.processes.reduce((sum, { pid }) => sum + residentBytes(pid ?? 0), 0);
  const seats = await idleSeats(contender, count);
  await sleep(2_000);
  const before = memory();
  const sockets: Awaited<ReturnType<typeof open>>[] = [];
  for (let i = 0; i < seats.length; i += 50) sockets.push(...(await Promise.all(seats.slice(i, i + 50).map(open))));
  await sleep(6_000);
  const used = (memory() - before) / count;
  for (const socket of sockets) socket.disconnect();
  await sleep(1_000);
  return used;
}

/** Each in a process of its own that has done nothing else: memory that a load left behind would hide the connections. */
async function measureIdleOf(starts: (Start | undefined)[]): Promise<Map<string, number>> {
  const idle = new Map<string, number>();
  for (const start of starts) {
    const contender = await start?.();
    if (!contender) continue;
    try {
      idle.set(contender.name, await measureIdle(contender, IDLE));
    } finally {
      contender.stop();
    }
  }
  return idle;
}

type Start = () => Promise<Contender>;

interface Entry {
  contender: Contender;
  crowd: Crowd;
  saturated: Sample[];
  paced: Sample[];
}

async function run(databaseUrl: string, redisUrl: string): Promise<string> {
  const stoa = { databaseUrl, redisUrl };
  const starts: Start[] = [
    () => startPlain('bare Socket.IO', 'bare-server.mjs'),
    () => startPlain('stock Nest gateway, ValidationPipe and DTO', 'nest-server.mjs'),
    () => startStoa({ ...stoa, name: 'Stoa, nothing stored', apis: 1, withoutStore: true }),
    () => startStoa({ ...stoa, name: 'Stoa', apis: 1 }),
    () => startPlain('bare Socket.IO × 2, classic Redis adapter', 'bare-server.mjs', redisUrl),
    () => startStoa({ ...stoa, name: 'Stoa × 2, every message crosses', apis: 2 }),
  ];
  const entries: Entry[] = [];
  try {
    for (const start of starts) {
      const contender = await start();
      say(`${contender.name}: started`);
      const crowd = await Crowd.connect(await contender.pairs(PAIRS));
      await crowd.saturate(2);
      entries.push({ contender, crowd, saturated: [], paced: [] });
    }
    for (let n = 1; n <= REPETITIONS; n += 1) {
      for (const { contender, crowd, saturated, paced } of entries) {
        saturated.push(await sample(contender, databaseUrl, () => crowd.saturate(SECONDS)));
        paced.push(await sample(contender, databaseUrl, () => crowd.pace(SECONDS, RATE)));
      }
      say(`repetition ${n} of ${REPETITIONS}: load ${loadavg()[0]?.toFixed(1)}`);
    }
  } finally {
    for (const { contender } of entries) contender.stop();
    rmSync('dist-bench', { recursive: true, force: true });
  }
  return describe(entries, IDLE > 0 ? await measureIdleOf([starts[0], starts[1], starts[3]]) : new Map());
}

function describe(entries: Entry[], idle: Map<string, number>): string {
  const base = entries[0]?.saturated ?? [];
  const adapter = entries[4]?.saturated ?? [];
  const ratio = (samples: Sample[], to: Sample[]): string =>
    median(samples.map((s, i) => s.cpuUs / (to[i]?.cpuUs ?? NaN))).toFixed(2);
  const rows = entries.map(({ contender: { name }, saturated, paced }, i) => {
    const of = (samples: Sample[], key: keyof Sample): number => median(samples.map((s) => s[key]));
    return `| ${name} | ${of(saturated, 'cpuUs').toFixed(0)} | ${ratio(saturated, base)} | ${i > 3 ? ratio(saturated, adapter) : ''} | ${of(saturated, 'postgresUs').toFixed(0)} | ${of(saturated, 'perSecond').toFixed(0)} | ${of(saturated, 'p50').toFixed(1)} / ${of(saturated, 'p99').toFixed(0)} | ${of(paced, 'cpuUs').toFixed(0)} | ${of(paced, 'p50').toFixed(1)} / ${of(paced, 'p99').toFixed(0)} |`;
  });
  const idleBase = idle.get(entries[0]?.contender.name ?? '') ?? NaN;
  return [
    `| | Node µs per message, saturated | × bare | × classic adapter | Postgres µs | messages/s | ack p50 / p99 (ms) | Node µs at ${RATE}/s | ack p50 / p99 (ms) at ${RATE}/s |`,
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...[...idle].map(
      ([name, bytes]) =>
        `Idle connection, ${IDLE} of them: ${name} ${(bytes / 1_024).toFixed(1)} KB (${(bytes / idleBase).toFixed(2)} × bare).`,
    ),
  ].join('\n');
}

const disk = measureDisk();
const table = await withStores(run);
const conditions = `## Delivery: \`npm run bench:delivery\`

${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}, shared machine, load ${loadavg()[0]?.toFixed(1)} at the end; fdatasync of 8 KiB ${disk.toFixed(2)} ms; Postgres with fsync and synchronous_commit on.
${PAIRS} pairs, one message of 80 characters under way in each; ${REPETITIONS} interleaved repetitions of ${SECONDS} s; medians, ratios within a repetition. CPU is user and system time of the server processes by the kernel's account. The load runs on the same cores. Rate limits off, all else as shipped.`;
publish('delivery', `${conditions}\n\n${table}`);
say(`\n${table}`);
process.exit(0);

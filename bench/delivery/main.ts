import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { load, machine, publish } from '../results-file.js';
import { withStores } from '../stores.js';
import { familyCpuMs, residentBytes } from './cpu.js';
import { Crowd } from './load.js';
import type { LoadResult } from './load.js';
import { LeftOut, startColyseus, startMosquitto } from './rivals.js';
import { idleSeats, postmasterOf, serverCpuMs, startPlain, startStoa } from './servers.js';
import type { Contender } from './servers.js';
import { lineOfReference, linesOfIdle, median, quantile, tableOfLoad, tableOfRates } from './table.js';
import type { Measured, Sample } from './table.js';

const { values: args } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    pairs: { type: 'string', default: '100' },
    /** Messages a second at fixed rates. */
    rates: { type: 'string', default: '1000,5000' },
    idle: { type: 'string', default: '5000' },
  },
});
const [REPETITIONS, SECONDS, PAIRS, IDLE] = [
  Number(args.repetitions),
  Number(args.seconds),
  Number(args.pairs),
  Number(args.idle),
];
const RATES = args.rates.split(',').map(Number);

/** Where the goals were set: a bare Socket.IO relay costs that much CPU a message (µs), and an acknowledgement has its bound at that rate. */
const REFERENCE = { bareUs: 37, perSecond: 5_000 };

const say = (line: string): void => void process.stdout.write(`${line}\n`);

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

async function sample(contender: Contender, postmaster: number, load: () => Promise<LoadResult>): Promise<Sample> {
  const [own, store] = [serverCpuMs(contender), familyCpuMs(postmaster)];
  const result = await load();
  const [ownUsed, storeUsed] = [serverCpuMs(contender) - own, familyCpuMs(postmaster) - store];
  if (result.failed > 0 || result.delivered < result.messages * contender.leastDelivered)
    throw new Error(`${contender.name}: ${result.failed} failed, ${result.delivered} of ${result.messages} delivered`);
  return {
    cpuUs: (ownUsed * 1_000) / result.messages,
    postgresUs: (storeUsed * 1_000) / result.messages,
    perSecond: result.messages / result.seconds,
    p50: quantile(result.latencies, 0.5),
    p99: quantile(result.latencies, 0.99),
  };
}

/** ms in which a process that nobody asks for anything gives back what it does not need */
const SETTLE_MS = 12_000;

/**
 * Bytes of server memory for one connection more. A fifth as many sit there already: what a process had put by when it started,
 * which differs by server, is used up by them.
 */
async function measureIdle(contender: Contender, count: number): Promise<number> {
  const memory = (): number => contender.processes.reduce((sum, { pid }) => sum + residentBytes(pid ?? 0), 0);
  const first = 2 * Math.ceil(count / 10);
  const seats = await idleSeats(contender, first + count);
  const crowds = [await Crowd.connect(seats.slice(0, first), contender.connect)];
  await sleep(SETTLE_MS);
  const before = memory();
  crowds.push(await Crowd.connect(seats.slice(first), contender.connect));
  await sleep(SETTLE_MS);
  const used = (memory() - before) / count;
  for (const crowd of crowds) crowd.close();
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

interface Running extends Measured {
  contender: Contender;
  crowd: Crowd;
}

async function run(databaseUrl: string, redisUrl: string): Promise<string> {
  const stoa = { databaseUrl, redisUrl };
  const starts: Start[] = [
    () => startPlain('bare Socket.IO', 'bare-server.mjs'),
    () => startPlain('stock Nest gateway, ValidationPipe and DTO', 'nest-server.mjs'),
    startColyseus,
    startMosquitto,
    () => startStoa({ ...stoa, name: 'Stoa, nothing stored', apis: 1, withoutStore: true }),
    () => startStoa({ ...stoa, name: 'Stoa', apis: 1 }),
    () => startPlain('bare Socket.IO × 2, classic Redis adapter', 'bare-server.mjs', redisUrl),
    () => startStoa({ ...stoa, name: 'Stoa × 2, every message crosses, nothing stored', apis: 2, withoutStore: true }),
    () => startStoa({ ...stoa, name: 'Stoa × 2, every message crosses', apis: 2 }),
  ];
  const entries: Running[] = [];
  const leftOut: string[] = [];
  let rates = RATES;
  const postmaster = await postmasterOf(databaseUrl);
  try {
    for (const start of starts) {
      const entry = await begin(start);
      if (typeof entry === 'string') leftOut.push(entry);
      else entries.push(entry);
    }
    rates = [...RATES, await rateLikeReference(entries[0] as Running, postmaster)];
    for (let n = 1; n <= REPETITIONS; n += 1) {
      for (const entry of entries) await measure(entry, postmaster, rates);
      say(`repetition ${n} of ${REPETITIONS}: load ${load()}`);
    }
  } finally {
    for (const { crowd } of entries) crowd.close();
    // Who sees the server vanish tries to come back, and says so.
    await sleep(500);
    for (const { contender } of entries) contender.stop();
  }
  const idle = IDLE > 0 ? await measureIdleOf([starts[0], starts[1], starts[5]]) : new Map<string, number>();
  return [
    ...tableOfLoad(entries),
    '',
    ...tableOfRates(entries, rates),
    '',
    lineOfReference(entries, REFERENCE),
    '',
    ...linesOfIdle(idle, IDLE),
    ...leftOut.map((why) => `Left out: ${why}.`),
  ].join('\n');
}

/** @returns why it can't be measured here, where it can't */
async function begin(start: Start): Promise<Running | string> {
  const contender = await start().catch((error: unknown) => {
    if (error instanceof LeftOut) return error.message;
    throw error;
  });
  say(typeof contender === 'string' ? contender : `${contender.name}: started`);
  if (typeof contender === 'string') return contender;
  try {
    const crowd = await Crowd.connect((await contender.pairs(PAIRS)).flat(), contender.connect);
    await crowd.saturate(2);
    return { name: contender.name, contender, crowd, saturated: [], paced: [] };
  } catch (error) {
    contender.stop();
    throw error;
  }
}

async function measure(entry: Running, postmaster: number, rates: number[]): Promise<void> {
  const { contender, crowd, saturated, paced } = entry;
  saturated.push(await sample(contender, postmaster, () => crowd.saturate(SECONDS)));
  for (const [i, rate] of rates.entries())
    (paced[i] ??= []).push(await sample(contender, postmaster, () => crowd.pace(SECONDS, rate)));
}

/** The rate that weighs on this machine as the reference's weighs on that one, by what the yardstick costs now. */
async function rateLikeReference({ contender, crowd }: Running, postmaster: number): Promise<number> {
  const { cpuUs } = await sample(contender, postmaster, () => crowd.saturate(SECONDS));
  return Math.round((REFERENCE.perSecond * REFERENCE.bareUs) / cpuUs);
}

const disk = measureDisk();
const table = await withStores(run);
const conditions = `## Delivery: \`npm run bench:delivery\`

${machine()}; fdatasync of 8 KiB ${disk.toFixed(2)} ms; Postgres with fsync and synchronous_commit on.
${PAIRS} pairs, one message of 80 characters under way in each; ${REPETITIONS} interleaved repetitions of ${SECONDS} s; medians, ratios within a repetition. CPU is user and system time of the server processes by the kernel's account. The load runs on the same cores. Rate limits off, only errors logged, all else as shipped; one allocator for all servers. Idle connections: memory for each one more, where a fifth as many sit already; who sits there was signed in by another process.
The load speaks Socket.IO's and MQTT's wire by hand, and Colyseus' by its own client, which takes more of the machine: of that row only the CPU compares. Neither of these two acknowledges after a write.`;
publish('delivery', `${conditions}\n\n${table}`);
say(`\n${table}`);
process.exit(0);

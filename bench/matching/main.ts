// npm run bench:matching [-- --seconds 10 --pairs 10000 --waiting 100000]: writes bench/results-matching.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startRedisProcess } from '../../scripts/services/redis.mjs';
import { createRedis } from '../../src/platform/redis/redis-connection.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { measureFifo, measureInterval } from './baselines.js';
import { measureTicks } from './ticks.js';
import { HOLD_MS, measureClaims, measureRunner, measureScoring, quantile } from './measure.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    pairs: { type: 'string', default: '10000' },
    waiting: { type: 'string', default: '100000' },
    rates: { type: 'string', default: '200,1000,4000' },
  },
});
const [SECONDS, PAIRS, WAITING] = [Number(values.seconds), Number(values.pairs), Number(values.waiting)];
const RATES = values.rates.split(',').map(Number);
/** Men who all seek women, in the lopsided pool. */
const LOPSIDED = 15_000;
const FILE = 'bench/results-matching.md';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const ms = (value: number): string => value.toFixed(0);
const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

async function withRedis<T>(settings: string[], work: (redis: RedisClient, url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
  const { port, stop } = await startRedisProcess(folder, settings, folder);
  const url = `redis://127.0.0.1:${port}`;
  const redis = createRedis([url], 'worker', () => undefined);
  await redis.connect();
  try {
    return await work(redis, url);
  } finally {
    redis.disconnect();
    await stop();
  }
}

async function claims(): Promise<string[]> {
  const rows: string[] = [];
  for (const [name, settings] of [
    ['nothing on disk', []],
    ['append-only file, every second', APPENDED],
  ] as const)
    for (const batch of [1, 32]) {
      const { perS, redisUs, nodeUs } = await withRedis([...settings], (redis) => measureClaims(redis, PAIRS, batch));
      rows.push(row([name, batch, ms(perS), redisUs.toFixed(1), nodeUs.toFixed(1)]));
      say(rows.at(-1)!);
    }
  return rows;
}

function ticks(): string[] {
  return [0, WAITING].flatMap((waiting) =>
    [0, HOLD_MS].map((holdMs) => {
      const cpuMs = measureTicks({ waiting, perS: 1_000, holdMs });
      const line = row([holdMs, waiting, ...[0.5, 0.99].map((share) => quantile(cpuMs, share).toFixed(1))]);
      say(line);
      return line;
    }),
  );
}

const APPENDED = ['appendonly yes', 'appendfsync everysec'];

interface RunLoad {
  readonly crowd: 'lonely' | 'lopsided';
  readonly holdMs: number;
  readonly waiting: number;
  readonly perS: number;
  /** Whether Redis writes an append-only file. */
  readonly appends: boolean;
}

function runLoads(): RunLoad[] {
  const plain = { crowd: 'lonely', appends: false } as const;
  const grid = [0, HOLD_MS].flatMap((holdMs) =>
    [0, WAITING].flatMap((waiting) => RATES.map((perS) => ({ ...plain, holdMs, waiting, perS }))),
  );
  const usual = { holdMs: HOLD_MS, perS: 1_000 };
  return [
    ...grid,
    { ...plain, ...usual, waiting: WAITING, appends: true },
    { ...plain, ...usual, waiting: LOPSIDED, crowd: 'lopsided' },
  ];
}

async function runOf(load: RunLoad): Promise<string> {
  const seen = await withRedis(load.appends ? APPENDED : [], (redis, url) =>
    measureRunner(redis, url, { ...load, seconds: SECONDS }),
  );
  const shares = [seen.nodeShare, seen.redisShare].map((share) => `${(100 * share).toFixed(0)} %`);
  const waits = [0.5, 0.99].map((share) => ms(quantile(seen.waitsMs, share)));
  const memory = load.waiting > 0 ? [ms(seen.bytesPerSearch), ms(seen.heapPerSearch), ms(seen.builtMs)] : ['', '', ''];
  const who = load.waiting > 0 ? ` ${load.crowd}` : '';
  return row([
    load.holdMs,
    `${load.waiting}${who}${load.appends ? ', append-only file' : ''}`,
    load.perS,
    seen.waitsMs.length,
    ...waits,
    `${seen.stale} of ${seen.sampled}`,
    ...shares,
    ms(seen.slowestTickMs),
    ...[0.5, 0.99].map((share) => quantile(seen.tickCpuMs, share).toFixed(1)),
    seen.buckets,
    ...memory,
  ]);
}

async function runs(): Promise<string[]> {
  const rows: string[] = [];
  for (const load of runLoads()) {
    rows.push(await runOf(load));
    say(rows.at(-1)!);
  }
  return rows;
}

async function baselines(): Promise<string[]> {
  const load = { perS: 1_000, seconds: SECONDS };
  const describe = (name: string, { pairs, waitsMs, redisUs }: Awaited<ReturnType<typeof measureFifo>>): string =>
    row([name, ms(pairs / SECONDS), ms(quantile(waitsMs, 0.5)), ms(quantile(waitsMs, 0.99)), redisUs.toFixed(0)]);
  return [
    describe('FIFO, the oldest of the fitting pools', await withRedis([], (redis) => measureFifo(redis, load))),
    describe('interval loop, 1 s', await withRedis([], (redis) => measureInterval(redis, load, 1_000))),
  ];
}

const scoring = measureScoring(8_000, 2_000);
say(`${(scoring / 1e6).toFixed(1)} M pairs scored per second`);
const tickRows = ticks();
const [claimRows, runRows, baselineRows] = [await claims(), await runs(), await baselines()];
const text = `## Matching: \`npm run bench:matching\`

${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}, Redis on loopback, shared machine, load ${loadavg()[0]?.toFixed(1)} at the end. The load runs on the same cores.
Scoring, one thread, 8,000 waiting of the simulator's population: ${(scoring / 1e6).toFixed(1)} M pairs per second of CPU.

CPU of the picker in a tick, 1,000 searches/s, no Redis:

${row(['hold (ms)', 'waiting', 'p50 (ms)', 'p99 (ms)'])}
${row(['---', '---', '---', '---'])}
${tickRows.join('\n')}

Claims with all checks, ${PAIRS} pairs, 8 calls under way:

${row(['Redis', 'pairs in a call', 'claims/s', 'Redis µs', 'Node µs'])}
${row(['---', '---', '---', '---', '---'])}
${claimRows.join('\n')}

One runner in a process of its own, ${SECONDS} s of arrivals; both present → claimed in ms, the hold included where there is one; CPU as a share of one core.
One shard: the pools in it are its buckets (searches of equal hard profile), counted at the end. Who waits from the start: \`lonely\` are men in 20 languages that nobody else speaks who seek nonbinary people only: they cost memory and a mirror, and nobody can meet them; \`lopsided\` are men who seek women, in the population's languages: every woman who comes looks at thousands of them.
Stale: of the searches that came with the load and waited for over 1 s (up to 500 in a look, once a second), those that could have met one and the same person at two looks in a row.

${row(['hold (ms)', 'waiting', 'searches/s', 'pairs', 'p50', 'p99', 'stale', 'Node', 'Redis', 'slowest tick (ms)', 'CPU of a tick p50 (ms)', 'p99', 'buckets', 'Redis bytes per waiting', 'heap bytes per waiting', 'mirror built (ms)'])}
${row(Array.from({ length: 16 }, () => '---'))}
${runRows.join('\n')}

Baselines, 1,000 searches/s, without leases, blocks or claims. FIFO: from the newcomer's command to its reply, of those that found a partner, who by then is out of the pool. Interval loop: from the arrival of the second of a pair to the decision; removing them comes after it.

${row(['', 'pairs/s', 'p50 (ms)', 'p99 (ms)', 'Redis µs per pair'])}
${row(['---', '---', '---', '---', '---'])}
${baselineRows.join('\n')}
`;
writeFileSync(FILE, text);
say(`\n${readFileSync(FILE, 'utf8')}`);
process.exit(0);

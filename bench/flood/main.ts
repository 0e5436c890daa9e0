import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from '../delivery/cpu.js';
import { Crowd } from '../delivery/load.js';
import type { Seat } from '../delivery/talker.js';
import { startStoa } from '../delivery/servers.js';
import { median, quantile } from '../delivery/table.js';
import { load, machine, publish } from '../results-file.js';
import { withStores } from '../stores.js';

// Does a flood of sign-ins take the machine from the conversations? Requirement A4: the p99 of acknowledgements at most doubles in the same run.

const { values: args } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '8' },
    /** Of each half of a repetition: calm, then flooded. */
    seconds: { type: 'string', default: '5' },
    pairs: { type: 'string', default: '50' },
    /** Messages a second. */
    rate: { type: 'string', default: '200' },
    /** Who signs in at once; 33 fill the queue of the hash on two cores. */
    attackers: { type: 'string', default: '48' },
  },
});
const [REPETITIONS, SECONDS, PAIRS, RATE] = [
  Number(args.repetitions),
  Number(args.seconds),
  Number(args.pairs),
  Number(args.rate),
];
/** What the queue of the hash holds at most is computed by then, also for attackers who are gone. */
const DRAIN_MS = 8_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Half {
  p50: number;
  p99: number;
  /** Of the api process, of one core. */
  cpu: number;
}

/** Attackers in a process of their own, with the session of `seat`. @returns stops them and tells their answers by status */
function attack({ url, auth, headers }: Seat): () => Promise<Record<string, number>> {
  const child = spawn(
    process.execPath,
    [
      'bench/flood/attackers.mjs',
      url,
      headers['origin'] ?? '',
      headers['cookie'] ?? '',
      auth['csrfToken'] ?? '',
      args.attackers,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let told = '';
  child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
  return async () => {
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    await ended;
    return JSON.parse(told) as Record<string, number>;
  };
}

async function run(databaseUrl: string, redisUrl: string): Promise<string> {
  const contender = await startStoa({ name: 'Stoa', databaseUrl, redisUrl, apis: 1 });
  try {
    const pairs = await contender.pairs(PAIRS);
    const [seat] = pairs[0] as [Seat, Seat];
    const crowd = await Crowd.connect(pairs.flat(), contender.connect);
    const pid = contender.processes[0]?.pid ?? 0;
    const half = async (): Promise<Half> => {
      const before = cpuMs(pid);
      const { latencies, failed, seconds } = await crowd.pace(SECONDS, RATE);
      if (failed > 0) throw new Error(`${failed} messages failed`);
      return {
        p50: quantile(latencies, 0.5),
        p99: quantile(latencies, 0.99),
        cpu: (cpuMs(pid) - before) / seconds / 1_000,
      };
    };
    await crowd.pace(3, RATE);
    // Both ways warm: the first sign-ins of a process are compiled while they run.
    const warm = attack(seat);
    await sleep(3_000);
    await warm();
    const repetitions: { calm: Half; flooded: Half }[] = [];
    const answers: Record<string, number> = {};
    for (let n = 1; n <= REPETITIONS; n += 1) {
      await sleep(DRAIN_MS);
      const calm = await half();
      const stop = attack(seat);
      await sleep(1_500);
      const flooded = await half();
      for (const [status, count] of Object.entries(await stop())) answers[status] = (answers[status] ?? 0) + count;
      repetitions.push({ calm, flooded });
      say(
        `repetition ${n} of ${REPETITIONS}: p99 ${calm.p99.toFixed(1)} ms calm, ${flooded.p99.toFixed(1)} ms flooded; load ${load()}`,
      );
    }
    crowd.close();
    return describe(repetitions, answers);
  } finally {
    contender.stop();
  }
}

function describe(repetitions: { calm: Half; flooded: Half }[], answers: Record<string, number>): string {
  const of = (half: 'calm' | 'flooded', key: keyof Half): number => median(repetitions.map((r) => r[half][key]));
  const ratios = repetitions.map(({ calm, flooded }) => flooded.p99 / calm.p99).toSorted((a, b) => a - b);
  const row = (half: 'calm' | 'flooded'): string =>
    `| ${half} | ${of(half, 'p50').toFixed(1)} | ${of(half, 'p99').toFixed(1)} | ${of(half, 'cpu').toFixed(2)} |`;
  const seen = Object.entries(answers).map(([status, count]) => `${count} × ${status}`);
  return [
    '| | ack p50 (ms) | ack p99 (ms) | cores of the api process |',
    '| --- | --- | --- | --- |',
    row('calm'),
    row('flooded'),
    '',
    `p99 flooded over p99 calm, within a repetition: median ${median(ratios).toFixed(2)}, from ${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}. Answers to the attackers: ${seen.join(', ')}.`,
  ].join('\n');
}

const table = await withStores(run);
const conditions = `## Sign-in flood: \`npm run bench:flood\`

${machine()}; Postgres with fsync and synchronous_commit on.
${PAIRS} pairs, ${RATE} messages of 80 characters a second; ${REPETITIONS} repetitions of ${SECONDS} s calm and ${SECONDS} s with ${args.attackers} attackers, each of whom signs in again as soon as it is answered. One api process; load and attackers run on the same cores. Rate limits off: with them the sixth try of an attacker is refused before any hash.`;
publish('flood', `${conditions}\n\n${table}`);
say(`\n${table}`);
process.exit(0);

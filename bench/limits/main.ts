import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { cpuMs } from '../delivery/cpu.js';
import { Crowd } from '../delivery/load.js';
import { publish } from '../results-file.js';
import { withStores } from '../stores.js';
import { makePairs, startServer } from './server.js';
import type { Server } from './server.js';

// What do the limits cost a message? The same load on two processes, one with limits and one without, in turns.

const { values: args } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '8' },
    seconds: { type: 'string', default: '6' },
    /** Enough that nobody comes near a limit: 5 messages a second, 60 a minute. */
    pairs: { type: 'string', default: '200' },
    /** Messages a second. */
    rate: { type: 'string', default: '1000' },
  },
});
const [REPETITIONS, SECONDS, PAIRS, RATE] = [
  Number(args.repetitions),
  Number(args.seconds),
  Number(args.pairs),
  Number(args.rate),
];
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

interface Contender {
  server: Server;
  crowd: Crowd;
  /** CPU of the process per message (µs), by repetition. */
  cpuUs: number[];
}

async function start(rateLimits: 'on' | 'off', databaseUrl: string, redisUrl: string): Promise<Contender> {
  const server = await startServer(rateLimits, { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });
  const crowd = await Crowd.connect(await makePairs(server.url, databaseUrl, PAIRS));
  return { server, crowd, cpuUs: [] };
}

async function measure({ server, crowd, cpuUs }: Contender): Promise<void> {
  const before = cpuMs(server.pid);
  const { messages, failed } = await crowd.pace(SECONDS, RATE);
  if (failed > 0) throw new Error(`${failed} messages were refused or failed`);
  cpuUs.push(((cpuMs(server.pid) - before) * 1_000) / messages);
}

async function run(databaseUrl: string, redisUrl: string): Promise<string> {
  const contenders: Contender[] = [];
  try {
    for (const rateLimits of ['off', 'on'] as const) contenders.push(await start(rateLimits, databaseUrl, redisUrl));
    const [off, on] = contenders as [Contender, Contender];
    for (const { crowd } of contenders) await crowd.pace(4, RATE);
    for (let n = 1; n <= REPETITIONS; n += 1) {
      // First the one, then the other: what the machine does meanwhile falls on both.
      for (const contender of n % 2 ? [off, on] : [on, off]) await measure(contender);
      say(
        `repetition ${n} of ${REPETITIONS}: ${off.cpuUs.at(-1)?.toFixed(0)} µs off, ${on.cpuUs.at(-1)?.toFixed(0)} µs on`,
      );
    }
    const ratios = on.cpuUs.map((us, i) => us / (off.cpuUs[i] ?? NaN)).toSorted((a, b) => a - b);
    return `Node CPU per message: ${median(off.cpuUs).toFixed(0)} µs without limits, ${median(on.cpuUs).toFixed(0)} µs with; ratio within a repetition ${median(ratios).toFixed(3)} (${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}).`;
  } finally {
    for (const { server } of contenders) server.stop();
  }
}

const line = await withStores(run);
const conditions = `## Limits: \`npm run bench:limits\`

${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}, shared machine, load ${loadavg()[0]?.toFixed(1)} at the end. ${PAIRS} pairs, ${RATE} messages of 80 characters a second, ${REPETITIONS} repetitions of ${SECONDS} s, one process with \`RATE_LIMITS=on\` and one with \`off\` in turns; medians.`;
publish('limits', `${conditions}\n\n${line}`);
say(`\n${line}`);
process.exit(0);

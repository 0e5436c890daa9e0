import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Crowd } from '../delivery/load.js';
import { serverCpuMs, startStoa } from '../delivery/servers.js';
import type { Contender } from '../delivery/servers.js';
import { median } from '../delivery/table.js';
import { machine, publish } from '../results-file.js';
import { withStores } from '../stores.js';

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

interface Side {
  server: Contender;
  crowd: Crowd;
  /** CPU of the process per message (µs), by repetition. */
  cpuUs: number[];
}

/** Every visitor comes from an address of their own; IPv6 limits go by /64. */
const anAddress = (): string => `2001:db8:${randomUUID().slice(0, 4)}:${randomUUID().slice(0, 4)}::1`;

async function start(rateLimits: 'on' | 'off', databaseUrl: string, redisUrl: string): Promise<Side> {
  const server = await startStoa({
    name: `limits ${rateLimits}`,
    databaseUrl,
    redisUrl,
    apis: 1,
    settings: { RATE_LIMITS: rateLimits, TRUST_PROXY: '127.0.0.1' },
    visitorHeaders: () => ({ 'x-forwarded-for': anAddress() }),
  });
  const crowd = await Crowd.connect((await server.pairs(PAIRS)).flat(), server.connect);
  return { server, crowd, cpuUs: [] };
}

async function measure({ server, crowd, cpuUs }: Side): Promise<void> {
  const before = serverCpuMs(server);
  const { messages, failed } = await crowd.pace(SECONDS, RATE);
  if (failed > 0) throw new Error(`${failed} messages were refused or failed`);
  cpuUs.push(((serverCpuMs(server) - before) * 1_000) / messages);
}

async function run(databaseUrl: string, redisUrl: string): Promise<string> {
  const sides: Side[] = [];
  try {
    for (const rateLimits of ['off', 'on'] as const) sides.push(await start(rateLimits, databaseUrl, redisUrl));
    const [off, on] = sides as [Side, Side];
    for (const { crowd } of sides) await crowd.pace(4, RATE);
    for (let n = 1; n <= REPETITIONS; n += 1) {
      // First the one, then the other: what the machine does meanwhile falls on both.
      for (const side of n % 2 ? [off, on] : [on, off]) await measure(side);
      say(
        `repetition ${n} of ${REPETITIONS}: ${off.cpuUs.at(-1)?.toFixed(0)} µs off, ${on.cpuUs.at(-1)?.toFixed(0)} µs on`,
      );
    }
    const ratios = on.cpuUs.map((us, i) => us / (off.cpuUs[i] ?? NaN)).toSorted((a, b) => a - b);
    return `Node CPU per message: ${median(off.cpuUs).toFixed(0)} µs without limits, ${median(on.cpuUs).toFixed(0)} µs with; ratio within a repetition ${median(ratios).toFixed(3)} (${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}).`;
  } finally {
    for (const { server } of sides) server.stop();
  }
}

const line = await withStores(run);
const conditions = `## Limits: \`npm run bench:limits\`

${machine()}. ${PAIRS} pairs, ${RATE} messages of 80 characters a second, ${REPETITIONS} repetitions of ${SECONDS} s, one process with \`RATE_LIMITS=on\` and one with \`off\` in turns; medians.`;
publish('limits', `${conditions}\n\n${line}`);
say(`\n${line}`);
process.exit(0);

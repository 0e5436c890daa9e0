import { DEFAULT_POLICY } from '../../src/matching/policy.config.js';
import { Acquaintances } from './acquaintances.js';
import { Fifo, Greedy } from './baselines.js';
import { judge, measure } from './measures.js';
import { Adaptive } from './policies.js';
import { readPopulation } from './population.js';
import { Random } from './random.js';
import { runPolicy } from './run.js';
import { streamOf } from './stream.js';

const args = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const rate = Number(args.rate ?? 20),
  hours = Number(args.hours ?? 0.5),
  seed = Number(args.seed ?? 7);
const population = readPopulation('bench/simulate/population.json');
const searches = streamOf({ population, rate, hours, seed });
const kinds = { adaptive: Adaptive, greedy: Greedy, fifo: Fifo } as const;
const value = judge(searches, DEFAULT_POLICY.weights, population.interests.count);
for (const name of (args.policy ?? 'adaptive,greedy,fifo').split(',')) {
  const known = new Acquaintances(population.recents, population.blocks, new Random(seed, 'blocks'));
  const Kind = kinds[name as keyof typeof kinds];
  const policy = new Kind({ config: DEFAULT_POLICY, avoids: known.avoids, interests: population.interests.count });
  const outcome = runPolicy(policy, searches, {
    onPair: ({ a, b }) => known.met(a.userId, b.userId),
    onProgress: () => undefined,
  });
  const m = measure(outcome, value, 0.05 * hours * 3_600_000);
  console.log(
    name.padEnd(10),
    m.searches,
    'match',
    m.matchRate.toFixed(3),
    'p50',
    m.waitS.p50.toFixed(2),
    m.waitS.p95.toFixed(1),
    m.waitS.p99.toFixed(1),
    'q',
    m.quality.toFixed(3),
    'J',
    m.j.toFixed(4),
    'worst',
    m.worst.group,
    m.worst.matchRate.toFixed(3),
    'cpu',
    (m.cpuMs / 1000).toFixed(1),
    JSON.stringify(outcome.readings.at(-30)),
  );
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEFAULT_POLICY } from '../../src/config/matching-policy.js';
import { readPolicyFile } from '../../src/config/read-policy.js';
import { Batch } from './batch.js';
import { Fifo, Greedy } from './baselines.js';
import { Adaptive } from './policies.js';
import { readPopulation } from './population.js';
import { hindsightLine, renderReport } from './report.js';
import { simulate } from './simulate.js';
import type { Comparison, PolicyKind, Result } from './simulate.js';

const FOLDER = '.artifacts/simulate';
const KINDS: Record<string, PolicyKind> = { adaptive: Adaptive, greedy: Greedy, fifo: Fifo, batch: Batch };

const { values: args } = parseArgs({
  options: {
    /** Searches per second, on the day's average. */
    rate: { type: 'string', default: '20' },
    hours: { type: 'string', default: '1' },
    policy: { type: 'string', default: 'adaptive,greedy,fifo,batch' },
    seed: { type: 'string', default: '7' },
    /** A file as MATCHING_POLICY names one; absent: the shipped policy. */
    config: { type: 'string' },
    /** How many seeds, from `seed` on: with more than one the table has means, and how far the seeds lie apart. */
    seeds: { type: 'string', default: '1' },
    population: { type: 'string', default: 'bench/simulate/population.json' },
  },
});
const names = args.policy.split(',');
const unknown = names.find((name) => !KINDS[name]);
if (unknown) throw new Error(`no policy ${unknown}: there are ${Object.keys(KINDS).join(', ')}`);

const faults: string[] = [];
const config = args.config === undefined ? DEFAULT_POLICY : readPolicyFile(args.config, faults);
if (faults.length > 0) throw new Error(`--config: ${faults.join('; ')}`);

/** Only for who watches. */
const say = (line: string): void => void (process.stderr.isTTY && process.stderr.write(line));
const comparisons = Array.from({ length: Number(args.seeds) }, (_, at) =>
  simulate({
    population: readPopulation(args.population),
    rate: Number(args.rate),
    hours: Number(args.hours),
    seed: Number(args.seed) + at,
    config,
    policies: names.map((name) => KINDS[name] as PolicyKind),
    onProgress: (policy, share) => say(`\r${policy} ${Math.round(share * 100)} %   `),
  }),
);
say('\r');
const [{ results, hindsight }] = comparisons as [Comparison];

process.stdout.write(
  '| policy | searches | match rate | wait p50 / p95 / p99 (s) | quality | J | J / hindsight | worst group | its match rate | CPU (s) |\n',
);
process.stdout.write('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n');
for (const at of results.keys()) process.stdout.write(`${rowOf(comparisons.map((each) => each.results[at]!))}\n`);
process.stdout.write(`\n${hindsightLine(hindsight)}\n`);

mkdirSync(FOLDER, { recursive: true });
const conditions = {
  rate: Number(args.rate),
  hours: Number(args.hours),
  seed: Number(args.seed),
  population: args.population,
};
writeFileSync(`${FOLDER}/result.json`, `${JSON.stringify({ conditions, comparisons }, null, 1)}\n`);
writeFileSync(`${FOLDER}/report.html`, renderReport(conditions, { results, ...(hindsight ? { hindsight } : {}) }));
process.stdout.write(`\nReport: ${FOLDER}/report.html, numbers: ${FOLDER}/result.json\n`);

/** One policy with each of the seeds. */
function rowOf(runs: readonly Result[]): string {
  const mean = (read: (result: Result) => number, digits: number): string => {
    const values = runs.map(read);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const spread = values.length > 1 ? ` ±${((Math.max(...values) - Math.min(...values)) / 2).toFixed(digits)}` : '';
    return `${average.toFixed(digits)}${spread}`;
  };
  const waits = (['p50', 'p95', 'p99'] as const).map((key) => mean(({ measures }) => measures.waitS[key], 2));
  const judged = runs.every(({ ofHindsight }) => ofHindsight);
  return `| ${[
    runs[0]!.measures.policy,
    mean(({ measures }) => measures.searches, 0),
    mean(({ measures }) => measures.matchRate, 3),
    waits.join(' / '),
    mean(({ measures }) => measures.quality, 3),
    mean(({ measures }) => measures.j, 3),
    judged ? mean(({ ofHindsight }) => ofHindsight!.share, 3) : '–',
    [...new Set(runs.map(({ measures }) => measures.worst.group))].join(', '),
    mean(({ measures }) => measures.worst.matchRate, 3),
    // Batch asks pair by pair, without buckets: its CPU says nothing.
    runs[0]!.measures.policy === 'batch' ? '–' : mean(({ measures }) => measures.cpuMs / 1_000, 1),
  ].join(' | ')} |`;
}

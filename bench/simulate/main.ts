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
import type { PolicyKind, Result } from './simulate.js';

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
const { results, hindsight } = simulate({
  population: readPopulation(args.population),
  rate: Number(args.rate),
  hours: Number(args.hours),
  seed: Number(args.seed),
  config,
  policies: names.map((name) => KINDS[name] as PolicyKind),
  onProgress: (policy, share) => say(`\r${policy} ${Math.round(share * 100)} %   `),
});
say('\r');

process.stdout.write(
  '| policy | searches | match rate | wait p50 / p95 / p99 (s) | quality | J | J / hindsight | worst group | its match rate | CPU (s) |\n',
);
process.stdout.write('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n');
for (const result of results) process.stdout.write(`${rowOf(result)}\n`);
process.stdout.write(`\n${hindsightLine(hindsight)}\n`);

mkdirSync(FOLDER, { recursive: true });
const conditions = {
  rate: Number(args.rate),
  hours: Number(args.hours),
  seed: Number(args.seed),
  population: args.population,
};
writeFileSync(`${FOLDER}/result.json`, `${JSON.stringify({ conditions, hindsight, results }, null, 1)}\n`);
writeFileSync(`${FOLDER}/report.html`, renderReport(conditions, { results, ...(hindsight ? { hindsight } : {}) }));
process.stdout.write(`\nReport: ${FOLDER}/report.html, numbers: ${FOLDER}/result.json\n`);

function rowOf({ measures: m, ofHindsight }: Result): string {
  const waits = [m.waitS.p50, m.waitS.p95, m.waitS.p99].map((s) => s.toFixed(2)).join(' / ');
  const cells = [m.policy, m.searches, m.matchRate.toFixed(3), waits, m.quality.toFixed(3), m.j.toFixed(3)];
  const more = [ofHindsight?.share.toFixed(3) ?? '–', m.worst.group, m.worst.matchRate.toFixed(3)];
  return `| ${[...cells, ...more, (m.cpuMs / 1_000).toFixed(1)].join(' | ')} |`;
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runFaults } from './fault-run.js';
import type { RunResult } from './fault-run.js';
import { mutantTable, writeIntoDocs } from './mutant-table.js';
import { MUTANTS } from './mutants.js';
import { runMutants } from './mutation-run.js';
import { UNSEEN, runRemote } from './remote.js';
import { htmlReport, textReport } from './report.js';
import { rowsLike } from './rows.js';
import { runSideBySide } from './seeds.js';
import { withDeployment, withPostgres } from './stores.js';

/** Of each row over all seeds, if it is not said. */
const FAULTS = 30;

const { values: args } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    /** Seeds that run side by side; one for each core without it: they wait most of the time, and rows are judged by time. */
    'at-once': { type: 'string' },
    /** Of each row in each seed; without it so many that each row has 30 over all seeds. */
    faults: { type: 'string' },
    bots: { type: 'string', default: '16' },
    /** Part of a row's name; may be given several times. */
    row: { type: 'string', multiple: true, default: [''] },
    mutants: { type: 'boolean', default: false },
    /** Part of a mutant's name. */
    mutant: { type: 'string', default: '' },
    /** A running deployment: only what needs no control of its processes. */
    url: { type: 'string' },
    origin: { type: 'string' },
    /** Folder of the report. */
    report: { type: 'string', default: '.artifacts/faults' },
    /** For the processes that this one starts: one seed, and where its result goes. */
    seed: { type: 'string' },
    result: { type: 'string' },
  },
});

const folder = args.report;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seeds = Array.from({ length: Number(args.seeds) }, (_, i) => i + 1);
const faultsPerRow = Number(args.faults ?? Math.ceil(FAULTS / seeds.length));
const rows = rowsLike(args.row);

function writeReport(results: RunResult[], notes: readonly string[] = []): void {
  writeFileSync(`${folder}/report.html`, htmlReport(results, notes));
  writeFileSync(`${folder}/report.md`, textReport(results, notes));
}

/** `notes`: what was not done or not looked at. */
function tell(results: RunResult[], notes: readonly string[] = []): number {
  writeReport(results, notes);
  say(`\n${textReport(results, notes)}\n\n${folder}/report.html`);
  return results.reduce((sum, { violations }) => sum + violations.length, 0);
}

async function runSeeds(): Promise<number> {
  const same = [...args.row.flatMap((part) => ['--row', part]), '--faults', `${faultsPerRow}`, '--bots', args.bots];
  const atOnce = Math.min(seeds.length, Number(args['at-once'] ?? availableParallelism()));
  const onResult = (results: RunResult[]): void => writeReport(results);
  const { results, failed } = await runSideBySide({ seeds, atOnce, args: same, say, onResult });
  const found = tell(results);
  for (const seed of failed) say(`seed ${seed} ended without a result: see its lines above`);
  return found + failed.length;
}

async function runOneSeed(seed: number, file: string): Promise<number> {
  const result = await withPostgres(() =>
    withDeployment({}, (deployment) =>
      runFaults({ target: deployment.target, deployment }, { seed, rows, faultsPerRow, bots: Number(args.bots), say }),
    ),
  );
  writeFileSync(file, JSON.stringify(result));
  return 0;
}

async function testRemote(url: string): Promise<number> {
  const options = { url, origin: args.origin, seeds, rows, faultsPerRow, bots: Number(args.bots), say };
  const { results, skipped } = await runRemote(options);
  return tell(results, [...skipped.map((row) => `skipped: ${row}`), ...UNSEEN.map((what) => `not checked: ${what}`)]);
}

/** @returns how many mutants nobody noticed, and how many of their rows find something without them */
async function testMutants(): Promise<number> {
  const mutants = MUTANTS.filter(({ name }) => name.includes(args.mutant));
  if (mutants.length === 0) throw new Error(`no mutant has "${args.mutant}" in its name`);
  const { verdicts, unsound } = await runMutants(mutants, say);
  const table = mutantTable(verdicts);
  writeFileSync(`${folder}/mutants.md`, table);
  say(`\n${table}`);
  // Part of them says nothing of the whole.
  if (mutants.length === MUTANTS.length) writeIntoDocs(table);
  return verdicts.filter(({ said }) => said === undefined).length + unsound.length;
}

function main(): Promise<number> {
  mkdirSync(folder, { recursive: true });
  if (args.mutants) return withPostgres(testMutants);
  if (args.seed && args.result) return runOneSeed(Number(args.seed), args.result);
  return args.url ? testRemote(args.url) : runSeeds();
}

process.exit((await main()) === 0 ? 0 : 1);

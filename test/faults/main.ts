import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { migrate } from '../../src/platform/postgres/migrator.js';
import { databaseUrl } from '../support/database.js';
import { removeBuild } from '../support/changed-build.js';
import { FaultDeployment } from './fault-deployment.js';
import { runFaults } from './fault-run.js';
import type { RunResult } from './fault-run.js';
import { MUTANTS, buildMutant, mutateDatabase } from './mutants.js';
import type { Mutant } from './mutants.js';
import { htmlReport, textReport } from './report.js';
import { rowsLike } from './rows.js';
import { runSideBySide } from './seeds.js';

const REPORT = '.artifacts/faults';

/** Of each row over all seeds, if it is not said. */
const FAULTS = 30;

const { values: args } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    /** Seeds that run side by side; all without it. */
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
    /** For the processes that this one starts: one seed, and where its result goes. */
    seed: { type: 'string' },
    result: { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const seeds = Array.from({ length: Number(args.seeds) }, (_, i) => i + 1);
const faultsPerRow = Number(args.faults ?? Math.ceil(FAULTS / seeds.length));
const rows = rowsLike(args.row);

function writeReport(results: RunResult[], skipped: readonly string[] = []): void {
  writeFileSync(`${REPORT}/report.html`, htmlReport(results, skipped));
  writeFileSync(`${REPORT}/report.md`, textReport(results, skipped));
}

function tell(results: RunResult[], skipped: readonly string[] = []): number {
  writeReport(results, skipped);
  say(`\n${textReport(results, skipped)}\n\n${REPORT}/report.html`);
  return results.reduce((sum, { violations }) => sum + violations.length, 0);
}

async function runSeeds(): Promise<number> {
  const same = [...args.row.flatMap((part) => ['--row', part]), '--faults', `${faultsPerRow}`, '--bots', args.bots];
  const atOnce = Math.min(seeds.length, Number(args['at-once'] ?? seeds.length));
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

/** The rows that clients alone bring about, one seed after the other: they share the deployment. */
async function runRemote(url: string): Promise<number> {
  const base = new URL(url);
  const target = { urls: [base.href.replace(/\/+$/, '')], origin: args.origin ?? base.origin };
  const [ours, others] = [rows.filter(({ by }) => by === 'clients'), rows.filter(({ by }) => by !== 'clients')];
  const results: RunResult[] = [];
  for (const seed of seeds) {
    const prefix = `${Math.random().toString(36).slice(2, 6)}-`;
    const options = { seed, rows: ours, faultsPerRow, bots: Number(args.bots), prefix };
    results.push(await runFaults({ target }, { ...options, say: (line) => say(`[${seed}] ${line}`) }));
  }
  return tell(
    results,
    others.map(({ name }) => `${name}: needs control of the processes`),
  );
}

/** @returns how many mutants nobody noticed, and how many rows find something without one */
async function runMutants(): Promise<number> {
  let wrong = 0;
  for (const mutant of MUTANTS.filter(({ name }) => name.includes(args.mutant))) {
    const control = await runMutant({ ...mutant, code: undefined, sql: undefined });
    if (control.length > 0) say(`UNSOUND: without "${mutant.name}" the same rows find ${control[0]?.what}`);
    const found = await runMutant(mutant);
    const death = found.find(({ invariant }) => mutant.expected.includes(invariant));
    const others = [...new Set(found.map(({ invariant }) => invariant))].join(', ') || 'nothing';
    say(death ? `killed: ${mutant.name} by ${death.invariant}: ${death.what}` : `SURVIVED: ${mutant.name} (${others})`);
    wrong += Number(!death) + Number(control.length > 0);
  }
  return wrong;
}

type AnyMutant = Omit<Mutant, 'code' | 'sql'> & { code?: Mutant['code'] | undefined; sql?: Mutant['sql'] | undefined };

async function runMutant(mutant: AnyMutant): Promise<RunResult['violations']> {
  const dist = buildMutant(mutant);
  try {
    return await withDeployment({ dist }, async (deployment) => {
      await mutateDatabase(mutant, deployment.postgres);
      const run = { target: deployment.target, deployment };
      return (await runFaults(run, { seed: 1, say: () => undefined, ...mutant })).violations;
    });
  } finally {
    if (mutant.code) removeBuild(dist);
  }
}

async function withDeployment<T>(
  options: { dist?: string },
  work: (deployment: FaultDeployment) => Promise<T>,
): Promise<T> {
  const deployment = await FaultDeployment.start(options);
  try {
    return await work(deployment);
  } finally {
    await deployment.stop();
  }
}

/** On a Postgres of its own, with the migrated database that every deployment copies. */
async function withPostgres<T>(work: () => Promise<T>): Promise<T> {
  const { url, stop } = await startPostgres({ fresh: true });
  try {
    await migrate(url);
    process.env['STOA_TEST_POSTGRES'] = databaseUrl(url, 'postgres');
    return await work();
  } finally {
    await stop();
  }
}

function main(): Promise<number> {
  mkdirSync(REPORT, { recursive: true });
  if (args.mutants) return withPostgres(runMutants);
  if (args.seed && args.result) return runOneSeed(Number(args.seed), args.result);
  return args.url ? runRemote(args.url) : runSeeds();
}

process.exit((await main()) === 0 ? 0 : 1);

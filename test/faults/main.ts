import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { migrate } from '../../src/platform/postgres/migrator.js';
import { databaseUrl } from '../support/database.js';
import { FaultDeployment } from './fault-deployment.js';
import { runFaults } from './fault-run.js';
import type { RunResult } from './fault-run.js';
import { MUTANTS, buildMutant, mutateDatabase, removeMutant } from './mutants.js';
import { htmlReport, textReport } from './report.js';
import { runRemote } from './remote-run.js';
import { ROWS, SKIPPED } from './rows.js';

const REPORT = '.artifacts/faults';

const { values: args } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1' },
    /** Faults of each row in each seed. */
    faults: { type: 'string', default: '10' },
    bots: { type: 'string', default: '16' },
    /** Part of a row's name; may be given several times. */
    row: { type: 'string', multiple: true, default: [''] },
    mutants: { type: 'boolean', default: false },
    /** Part of a mutant's name. */
    mutant: { type: 'string', default: '' },
    /** A running deployment: only what needs no control of its processes. */
    url: { type: 'string' },
    origin: { type: 'string' },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function writeReport(results: RunResult[], skipped: readonly string[]): void {
  mkdirSync(REPORT, { recursive: true });
  writeFileSync(`${REPORT}/report.html`, htmlReport(results, skipped));
  writeFileSync(`${REPORT}/report.md`, textReport(results, skipped));
  say(`\n${textReport(results, skipped)}\n\n${REPORT}/report.html`);
}

async function runSeeds(): Promise<RunResult[]> {
  const results: RunResult[] = [];
  for (let seed = 1; seed <= Number(args.seeds); seed += 1) {
    say(`— seed ${seed}`);
    const deployment = await FaultDeployment.start();
    try {
      const rows = ROWS.filter(({ name }) => args.row.some((part) => name.includes(part)));
      const options = { seed, rows, faultsPerRow: Number(args.faults), bots: Number(args.bots), say };
      results.push(await runFaults(deployment, options));
      // After each seed: a run that is cut short has shown what it has shown.
      writeReport(results, SKIPPED);
    } finally {
      await deployment.stop();
    }
  }
  return results;
}

/** @returns how many mutants nobody noticed */
async function runMutants(): Promise<number> {
  let survivors = 0;
  for (const mutant of MUTANTS.filter(({ name }) => name.includes(args.mutant))) {
    const deployment = await FaultDeployment.start({ dist: buildMutant(mutant) });
    try {
      await mutateDatabase(mutant, deployment.postgres);
      const { violations } = await runFaults(deployment, { seed: 1, say: () => undefined, ...mutant });
      const found = [...new Set(violations.map((v) => v.invariant))].join(', ');
      say(`${found ? 'killed' : 'SURVIVED'}: ${mutant.name}${found ? ` by ${found}: ${violations[0]?.what}` : ''}`);
      if (!found) survivors += 1;
    } finally {
      await deployment.stop();
      removeMutant();
    }
  }
  return survivors;
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

async function main(): Promise<number> {
  if (args.mutants) return withPostgres(runMutants);
  const results = args.url
    ? [await runRemote({ url: args.url, origin: args.origin ?? args.url, bots: Number(args.bots), say })]
    : await withPostgres(runSeeds);
  if (args.url)
    writeReport(
      results,
      ROWS.map(({ name }) => `${name}: needs control of the processes`),
    );
  return results.reduce((sum, result) => sum + result.violations.length, 0);
}

process.exit((await main()) === 0 ? 0 : 1);

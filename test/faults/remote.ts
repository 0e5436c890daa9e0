import { runFaults } from './fault-run.js';
import type { RunResult } from './fault-run.js';
import type { Row } from './row.types.js';

/** What cannot be looked at in a deployment of which only the contract is known. */
export const UNSEEN = [
  'I1 to I4 as Postgres has them: what both members read at the end stands for it',
  'the metrics of rows: what bots noticed stands for them',
  'I8: logs, exits and memory of the processes, deadlocks; only answers that the contract does not know',
];

export interface RemoteOptions {
  url: string;
  /** Without it that of the URL. */
  origin: string | undefined;
  seeds: number[];
  rows: Row[];
  faultsPerRow: number;
  bots: number;
  say: (line: string) => void;
}

/**
 * The rows that clients alone bring about, one seed after the other: they share the deployment.
 * @returns `skipped`: the others, by name
 */
export async function runRemote(options: RemoteOptions): Promise<{ results: RunResult[]; skipped: string[] }> {
  const { url, origin, seeds, rows, faultsPerRow, bots, say } = options;
  const base = new URL(url);
  const target = { urls: [base.href.replace(/\/+$/, '')], origin: origin ?? base.origin };
  const ours = rows.filter(({ by }) => by === 'clients');
  const skipped = rows
    .filter((row) => !ours.includes(row))
    .map(({ name }) => `${name}: needs control of the processes`);
  const results: RunResult[] = [];
  for (const seed of seeds) {
    // Strangers of earlier runs may still be about.
    const prefix = `${Math.random().toString(36).slice(2, 6)}-`;
    const run = { seed, rows: ours, faultsPerRow, bots, prefix, say: (line: string) => say(`[${seed}] ${line}`) };
    results.push(await runFaults({ target }, run));
  }
  return { results, skipped };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { RunResult } from './fault-run.js';

interface SideBySide {
  seeds: number[];
  /** Seeds at a time. */
  atOnce: number;
  /** The same for every seed: rows, faults, bots. */
  args: string[];
  say: (line: string) => void;
  /** After each seed: a run that is cut short has shown what it has shown. */
  onResult: (results: RunResult[]) => void;
}

/** Runs each seed in a process of its own, with stores of its own: they wait most of the time. @returns those without a result, too */
export async function runSideBySide({ seeds, atOnce, args, say, onResult }: SideBySide): Promise<{
  results: RunResult[];
  failed: number[];
}> {
  const left = [...seeds];
  const results: RunResult[] = [];
  const failed: number[] = [];
  const lane = async (): Promise<void> => {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      const result = await runSeed(seed, args, say);
      if (!result) failed.push(seed);
      else {
        results.push(result);
        results.sort((a, b) => a.seed - b.seed);
        onResult(results);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, lane));
  return { results, failed };
}

async function runSeed(seed: number, args: string[], say: SideBySide['say']): Promise<RunResult | undefined> {
  const file = `.artifacts/faults/seed-${seed}-${process.pid}.json`;
  const [, main = ''] = process.argv;
  const command = [...process.execArgv, main, ...args, '--seed', `${seed}`, '--result', file];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => say(`[${seed}] ${line}`));
  await once(child, 'close');
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunResult;
  } catch {
    return undefined;
  } finally {
    rmSync(file, { force: true });
  }
}

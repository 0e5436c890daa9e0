import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { putBetween } from '../scripts/marked-text.mjs';

const FILE = 'bench/results.md';

/** Under which conditions results came about: for the first line of each. */
export const machine = (): string =>
  `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}, shared machine, load ${load()} at the end`;

/** The load of this machine in the last minute. */
export const load = (): string => (loadavg()[0] ?? NaN).toFixed(1);

/** Replaces the part of bench/results.md between the marks of this bench. */
export function publish(bench: string, text: string): void {
  const old = readOr(FILE, '# Results\n');
  const [from, to] = [`<!-- ${bench} -->`, `<!-- /${bench} -->`];
  const whole = old.includes(from) ? old : `${old.trimEnd()}\n\n${from}\n${to}\n`;
  writeFileSync(FILE, putBetween(whole, bench, text));
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

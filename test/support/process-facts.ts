import { readFileSync } from 'node:fs';
import { LOGS } from './deployment.js';
import type { Member } from './deployment.js';

/** Resident memory of the process (MiB). */
export function residentMiB({ pid }: Member): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}

/** Lines of the log that tell of a fault of ours: rejections that nobody handled, internal errors, anything that is not JSON. */
export function faultsIn({ name }: Member): string[] {
  const lines = readFileSync(`${LOGS}/${name}.log`, 'utf8').split('\n').filter(Boolean);
  return lines.filter((line) => !line.startsWith('{') || line.includes('"level":"error"'));
}

import { readFileSync, readdirSync } from 'node:fs';

/** The kernel counts in ticks of 10 ms on every Linux of today. */
const TICK_MS = 10;

/** User and system time of a process so far (ms), by the kernel's account; 0 when it is gone. */
export function cpuMs(pid: number): number {
  try {
    // After the name in parentheses: state is the first field, utime and stime the 12th and 13th.
    const fields = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return 0;
  }
}

/** Memory that a process holds now (bytes). */
export function residentBytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1_024;
}

/** The process and its children: Postgres is one of each connection. */
export function familyOf(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(Number(name)) === pid);
  return [pid, ...children.map(Number)];
}

export function parentOf(pid: number): number {
  try {
    return Number(afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'))[1]);
  } catch {
    return 0;
  }
}

const afterName = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

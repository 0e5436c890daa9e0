import { readFileSync, readdirSync } from 'node:fs';

/** The kernel counts in ticks of 10 ms on every Linux of today. */
const TICK_MS = 10;

/** User and system time of a process so far (ms), by the kernel's account; 0 when it is gone. */
export function cpuMs(pid: number): number {
  const { own } = timesOf(pid);
  return own;
}

/**
 * The same of a process and its children: Postgres is one of each connection. Those that ended count on with their parent, and
 * those that began meanwhile from their start, so that it only ever grows.
 */
export function familyCpuMs(pid: number): number {
  const living = childrenOf(pid).reduce((sum, child) => sum + timesOf(child).own, 0);
  const { own, ended } = timesOf(pid);
  return own + ended + living;
}

function timesOf(pid: number): { own: number; ended: number } {
  try {
    // After the name in parentheses, state is the first field; the 12th to 15th are utime, stime, cutime and cstime.
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'))
      .slice(11, 15)
      .map((ticks) => Number(ticks) * TICK_MS);
    return { own: user + system, ended: endedUser + endedSystem };
  } catch {
    return { own: 0, ended: 0 };
  }
}

/** Memory that a process holds now (bytes). */
export function residentBytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) * 1_024;
}

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(Number(name)) === pid)
    .map(Number);

export function parentOf(pid: number): number {
  try {
    return Number(afterName(readFileSync(`/proc/${pid}/stat`, 'utf8'))[1]);
  } catch {
    return 0;
  }
}

const afterName = (stat: string): string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultDeployment } from './fault-deployment.js';
import type { Row } from './row.types.js';
import type { Finding } from './strike.js';

/** What a process may hold more after the heal than before the first fault (share). */
const MORE = 0.2;

/** How long a crowd talks for each fault of a row before memory is compared with it: code is compiled, caches fill (ms). */
const WARM_UP = 10_000;
const MAX_WARM_UP = 40_000;

/** How long after a heal memory is looked at (ms). */
const QUIET = 3_000;

const MIB = 1_024 * 1_024;

/**
 * I8: resident memory, garbage collected, of each process before the first fault and after the last of those rows that spare the
 * processes. Who was ended in between is not compared.
 */
export class MemoryWatch {
  readonly lines: string[] = [];
  /** By process id (bytes). */
  private first: Map<number, number> | undefined;
  private isDone = false;

  constructor(
    private readonly deployment: FaultDeployment | undefined,
    private readonly rows: Row[],
    private readonly faultsPerRow: number,
  ) {}

  /** To be called before each strike. */
  async before(row: Row): Promise<Finding[]> {
    if (row.restarts) return this.end();
    if (this.first || !this.deployment) return [];
    await sleep(Math.min(MAX_WARM_UP, WARM_UP * this.faultsPerRow));
    this.first = await this.read(this.deployment);
    return [];
  }

  async end(): Promise<Finding[]> {
    const { first, deployment } = this;
    if (!first || !deployment || this.isDone) return [];
    this.isDone = true;
    await sleep(QUIET);
    const findings: Finding[] = [];
    for (const [pid, after] of await this.read(deployment)) {
      const before = first.get(pid);
      if (before === undefined) continue;
      const name = deployment.members.find((member) => member.pid === pid)?.name;
      const line = `${name}: ${Math.round(before / MIB)} MiB before the first fault, ${Math.round(after / MIB)} MiB after ${this.struck()} rows`;
      this.lines.push(line);
      if (after > before * (1 + MORE)) findings.push({ invariant: 'I8', what: `memory does not come back: ${line}` });
    }
    return findings;
  }

  private struck(): number {
    return this.rows.filter(({ restarts }) => !restarts).length;
  }

  private async read(deployment: FaultDeployment): Promise<Map<number, number>> {
    return new Map(
      await Promise.all(
        deployment.members.map(async (member): Promise<[number, number]> => [
          member.pid,
          (await deployment.control(member)).rss,
        ]),
      ),
    );
  }
}

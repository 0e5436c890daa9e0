import { setTimeout as sleep } from 'node:timers/promises';
import { weigh } from '../support/remote-control.js';
import type { Weight } from '../support/remote-control.js';
import type { FaultDeployment } from './fault-deployment.js';
import type { Row } from './row.types.js';
import type { Finding } from './strike.js';

/** What a process may hold more after the heal than before the first fault (share): of resident memory, and of live objects and buffers. */
const MORE = 0.2;

/** How long a crowd talks for each fault of a row before memory is compared with it: code is compiled, caches fill (ms). */
const WARM_UP = 10_000;
const MAX_WARM_UP = 40_000;

/** How long after the last heal memory may take to come back (ms). */
const COMES_BACK = 20_000;

const MIB = 1_024 * 1_024;

/**
 * I8: resident memory of each process, its garbage collected and given back, before the first fault and after the last of those rows
 * that spare the processes. Who was ended in between is not compared.
 */
export class MemoryWatch {
  readonly lines: string[] = [];
  /** By process id. */
  private first: Map<number, Weight> | undefined;
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
    const grown = (after: Map<number, Weight>): number[] =>
      [...after].flatMap(([pid, now]) => (hasGrown(first.get(pid), now) ? [pid] : []));
    let after = await this.read(deployment);
    for (const until = performance.now() + COMES_BACK; grown(after).length > 0 && performance.now() < until;) {
      await sleep(1_000);
      after = await this.read(deployment);
    }
    for (const { pid, name } of deployment.members) {
      const [then, now] = [first, after].map((read) => describe(read.get(pid)));
      if (first.has(pid))
        this.lines.push(`${name}: ${then} before the first fault, ${now} after ${this.struck()} rows`);
    }
    return grown(after).map((pid) => {
      const name = deployment.members.find((member) => member.pid === pid)?.name;
      return { invariant: 'I8', what: `the memory of ${name} does not come back` };
    });
  }

  private struck(): number {
    return this.rows.filter(({ restarts }) => !restarts).length;
  }

  private async read(deployment: FaultDeployment): Promise<Map<number, Weight>> {
    return new Map(
      await Promise.all(deployment.members.map(async (member) => [member.pid, await weigh(member)] as const)),
    );
  }
}

/** False of a process that was not there before. */
export function hasGrown(before: Weight | undefined, now: Weight): boolean {
  if (!before) return false;
  const live = ({ heapUsed, external }: Weight): number => heapUsed + external;
  return now.rss > before.rss * (1 + MORE) || live(now) > live(before) * (1 + MORE);
}

function describe(weight: Weight | undefined): string {
  const { rss, heapUsed, external, mallocHeap } = weight ?? { rss: 0, heapUsed: 0, external: 0, mallocHeap: 0 };
  const [all, objects, buffers, malloc] = [rss, heapUsed, external, mallocHeap].map((bytes) => Math.round(bytes / MIB));
  return `${all} MiB (${objects} of objects, ${buffers} of buffers, ${malloc} kept by malloc)`;
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { LOGS } from './deployment.js';
import type { Member } from './deployment.js';

/** What processes are told beside the contract: see `remote-control.mjs`. */
const FOLDER = resolve('.artifacts/control');

/** How long a process may take to obey (ms). */
const PATIENCE = 10_000;

/** Settings of a process that obeys; its `CONTROL_FILE` is its own where several are commanded. */
export const REMOTE_CONTROL = {
  NODE_OPTIONS: `--import ${pathToFileURL('test/support/remote-control.mjs').href}`,
  CONTROL_FILE: resolve(FOLDER, `${process.pid}`),
};

export const controlFile = (name: string): string => resolve(FOLDER, name);

/** Moves the clock of a running process. @returns its time */
export async function moveClock(member: Member, aheadMs: number): Promise<number> {
  return (await command<{ now: number }>(member, { aheadMs })).now;
}

/** What a process holds (bytes). */
export interface Weight {
  /** Resident memory, without garbage and without pages that V8 keeps for what comes next. */
  rss: number;
  /** Of it, objects. */
  heapUsed: number;
  /** Of it, buffers that objects hold. */
  external: number;
  /** Of it, malloc's main heap: what it ever needed, as one small piece at its end keeps all before it. */
  mallocHeap: number;
}

/** Collects the garbage of a running process, which stands still meanwhile, and asks what is left. */
export const weigh = (member: Member): Promise<Weight> => command(member, { aheadMs: 0, isWeighed: true });

async function command<Answer>(member: Member, order: { aheadMs: number; isWeighed?: true }): Promise<Answer> {
  const nonce = Math.random().toString(36).slice(2);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(member.env['CONTROL_FILE'] ?? '', JSON.stringify({ ...order, nonce }));
  member.signal('SIGUSR2');
  for (const until = performance.now() + PATIENCE; performance.now() < until; await sleep(20)) {
    const line = readFileSync(`${LOGS}/${member.name}.log`, 'utf8')
      .split('\n')
      .find((text) => text.includes(nonce));
    if (line) return JSON.parse(line);
  }
  throw new Error(`${member.name} does not obey`);
}

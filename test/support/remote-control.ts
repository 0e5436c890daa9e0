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

/** Moves the clock of a running process, collects its garbage, and asks how it is. @returns its time and memory (bytes) */
export async function command(member: Member, aheadMs = 0): Promise<{ now: number; rss: number }> {
  const nonce = Math.random().toString(36).slice(2);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(member.env['CONTROL_FILE'] ?? '', JSON.stringify({ aheadMs, nonce }));
  member.signal('SIGUSR2');
  for (const until = performance.now() + PATIENCE; performance.now() < until; await sleep(20)) {
    const line = readFileSync(`${LOGS}/${member.name}.log`, 'utf8')
      .split('\n')
      .find((text) => text.includes(nonce));
    if (line) return JSON.parse(line);
  }
  throw new Error(`${member.name} does not obey`);
}

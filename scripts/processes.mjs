// Child processes that never outlive us, and the frame around every script.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const keeper = fileURLToPath(new URL('keeper.sh', import.meta.url));
const stopDeadlineMs = 25_000;
/** What a body may take to tidy up once its processes have ended. */
const tidyMs = 2_000;
const ending = new AbortController();
const running = new Set();

/** An expected failure: its message is all that the user needs to read. */
export class Failure extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Waits, unless the script is ending. */
export const pause = (ms) => sleep(ms, undefined, { signal: ending.signal });

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // nothing of it is left
  }
}

/**
 * Starts a command in a process group of its own, which ends with us. `exited` gives the exit code.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions & { output?: 'inherit' | 'pipe' | number, stopSignal?: string, remove?: string }} [options]
 *   `output`: where stdout and stderr go; `stopSignal`: without SIG; `remove`: a folder that goes when the command ends.
 */
export function start(command, args, { output = 'inherit', stopSignal = 'TERM', remove = '', ...options } = {}) {
  ending.signal.throwIfAborted();
  const child = spawn('sh', [keeper, stopSignal, remove, command, ...args], {
    ...options,
    detached: true,
    stdio: ['ignore', output, output, 'pipe'],
  });
  const lifeline = child.stdio[3];
  lifeline.on('error', () => {}); // its keeper was killed, too
  child.once('exit', () => lifeline.end()); // so that its keeper tidies up, too
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      killGroup(child.pid); // what it may have left behind
      resolve(code ?? 1);
    });
  });
  const stop = async () => {
    lifeline.end();
    const timer = setTimeout(() => killGroup(child.pid), stopDeadlineMs);
    await exited;
    clearTimeout(timer);
  };
  const handle = { child, exited, stop };
  running.add(handle);
  const forget = () => running.delete(handle);
  exited.then(forget, forget);
  return handle;
}

/**
 * Runs a command to its end and gives what it printed; a failure shows the last lines of that.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Parameters<typeof start>[2]} [options]
 */
export async function run(command, args, options = {}) {
  const { child, exited } = start(command, args, { output: 'pipe', ...options });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (printed += chunk));
  const code = await exited;
  if (code === 0) return printed;
  const tail = printed.trim().split('\n').slice(-30).join('\n');
  throw new Failure(`${command} ${args[0] ?? ''} failed with exit code ${code}\n${tail}`.trim(), code);
}

/** Resolves with the name of the signal that asks us to end; the death of npm above us counts as one. */
function interruption() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve(signal));
    const parent = process.ppid;
    if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && resolve('SIGHUP'), 500).unref();
  });
}

/**
 * The frame of a script: runs `body`, and when it ends, fails or is interrupted, stops every process that it started, the newest first.
 * @param {(ready: () => void) => Promise<number | void>} body gives the exit code; calls `ready` when from now on an interrupt is the normal end
 */
export async function main(body) {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {}); // a terminal that has gone
  let interruptedCode;
  let isReady = false;
  const interrupted = interruption().then((signal) => {
    interruptedCode = isReady ? 0 : 128 + constants.signals[signal];
  });
  const work = Promise.resolve().then(() => body(() => (isReady = true)));
  let code = 0;
  try {
    code = (await Promise.race([work, interrupted])) ?? 0;
  } catch (error) {
    console.error(error instanceof Failure ? `stoa: ${error.message}` : error);
    code = error instanceof Failure ? error.exitCode : 1;
  }
  ending.abort();
  for (const handle of [...running].reverse()) await handle.stop();
  await Promise.race([work.catch(() => {}), sleep(tidyMs)]);
  process.exit(interruptedCode ?? code);
}

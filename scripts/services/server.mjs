// What the private servers have in common: a free port, a log, and waiting until they answer.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { Failure, pause, start } from '../processes.mjs';

const startDeadlineMs = 30_000;

/** A free TCP port on the loopback address. Somebody else may take it before we do. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** @returns {Promise<boolean>} whether something accepts connections there */
export function answers(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/**
 * Starts a server on a free port and waits until it is ready; takes another port if this one was snatched.
 * @param {object} server
 * @param {string} server.name for messages
 * @param {string} server.log the file for what it prints
 * @param {(port: number) => [string, readonly string[]]} server.command
 * @param {(port: number) => boolean | Promise<boolean>} server.ready
 * @param {Parameters<typeof start>[2]} server.options
 */
export async function startServer({ name, log, command, ready, options }, attempts = 3) {
  const port = await freePort();
  const output = openSync(log, 'w');
  const { exited, stop } = start(...command(port), { ...options, output });
  closeSync(output);
  let ended = false;
  exited.then(() => (ended = true));
  for (const begun = Date.now(); !(await ready(port)); await pause(20)) {
    if (!ended && Date.now() - begun < startDeadlineMs) continue;
    await stop();
    const printed = readFileSync(log, 'utf8');
    if (attempts > 1 && /address already in use/i.test(printed))
      return startServer({ name, log, command, ready, options }, attempts - 1);
    throw new Failure(`${name} did not start: ${printed.trim().split('\n').slice(-3).join(' | ')} (${log})`);
  }
  return { port, stop, exited };
}

/** A server that is not ours: it runs on without us. */
export const external = (url) => ({ url, stop: async () => {}, exited: new Promise(() => {}) });

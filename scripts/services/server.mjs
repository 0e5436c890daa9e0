// What the private servers have in common: a free port, a log, and waiting until they answer.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { Failure, pause, start } from '../processes.mjs';

const startDeadlineMs = 30_000;

/** Below the range from which Linux takes ports for outgoing connections, which would get in between. */
const ports = { from: 10_000, count: 20_000 };

/**
 * A free TCP port on the loopback address. Somebody else may take it before we do.
 * @returns {Promise<number>}
 */
export async function freePort() {
  for (;;) {
    const port = ports.from + Math.floor(Math.random() * ports.count);
    if (await canListen(port)) return port;
  }
}

function canListen(port) {
  return new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
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

/** Opens a log for appending; `newLines` gives what has come since, even if the file is removed meanwhile. */
function openLog(file) {
  const fd = openSync(file, 'a+');
  const from = fstatSync(fd).size;
  const newLines = () => {
    const bytes = Buffer.alloc(fstatSync(fd).size - from);
    readSync(fd, bytes, 0, bytes.length, from);
    return bytes.toString();
  };
  return { fd, newLines };
}

/**
 * Starts a server on a free port and waits until it says that it is ready; takes another port if this one was snatched.
 * @param {object} server
 * @param {string} server.name for messages
 * @param {string} server.log the file for what it prints
 * @param {(port: number) => [string, readonly string[]]} server.command
 * @param {Parameters<typeof start>[2]} server.options
 * @param {RegExp} [server.ready] what it prints then
 * @returns {Promise<{ port: number, stop: () => Promise<void>, exited: Promise<number> }>}
 */
export async function startServer(server, attempts = 3) {
  const { ready = /ready to accept connections/i } = server;
  const port = await freePort();
  const log = openLog(server.log);
  try {
    const { exited, stop } = start(...server.command(port), { ...server.options, output: log.fd });
    let ended = false;
    void exited.then(() => (ended = true));
    for (const begun = Date.now(); !ready.test(log.newLines()); await pause(20)) {
      if (!ended && Date.now() - begun < startDeadlineMs) continue;
      await stop();
      if (attempts > 1 && /address already in use/i.test(log.newLines()))
        return await startServer(server, attempts - 1);
      const reason = log.newLines().trim().split('\n').slice(-3).join(' | ');
      throw new Failure(`${server.name} did not start: ${reason} (log: ${server.log})`);
    }
    return { port, stop, exited };
  } finally {
    closeSync(log.fd);
  }
}

/** A server that is not ours: it runs on without us. */
export const external = (url) => ({ url, stop: async () => {}, exited: new Promise(() => {}) });

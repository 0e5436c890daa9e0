import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { configureServer } from '../../src/platform/http/server-edge.js';
import { dial } from '../support/raw-http.js';

/** bytes; more than the kernel takes off Node's hands */
const LENGTH = 50_000_000;

it('gives up an answer that nobody reads after half a minute', { timeout: 60_000 }, async () => {
  const server = createServer((_, response) => response.end(Buffer.alloc(LENGTH)));
  configureServer(server, { secure: false });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = dial(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  let [read, isClosed] = [0, false];
  socket.on('data', (bytes) => (read += bytes.length));
  socket.once('close', () => (isClosed = true));
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await sleep(10);
  socket.pause();
  await sleep(34_000);
  socket.resume();
  await sleep(1_000);
  expect([isClosed, read < LENGTH]).toEqual([true, true]);
  server.close();
});

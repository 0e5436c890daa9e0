import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

/** A TCP connection to the host of `url`, for requests that no well-behaved client sends. */
export function dial(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname).on('error', () => undefined);
}

/** Everything that comes back until the server closes or `quietMs` pass without a byte. */
export function readAnswer(socket: Socket, quietMs = 2_000): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let text = '';
    let timer = setTimeout(done, quietMs);
    function done(): void {
      clearTimeout(timer);
      socket.destroy();
      const [head = '', body = ''] = text.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1] ?? 0), head, body });
    }
    socket.on('data', (chunk) => {
      text += chunk.toString();
      clearTimeout(timer);
      timer = setTimeout(done, quietMs);
    });
    socket.once('close', done);
  });
}

/** One request, byte by byte as written. */
export function sendRaw(url: string, request: string, quietMs = 300): Promise<RawAnswer> {
  const socket = dial(url);
  socket.write(request);
  return readAnswer(socket, quietMs);
}

/** ms from the request to the first byte of its answer. */
export async function timeToAnswer(url: string, request: string): Promise<number> {
  const socket = dial(url);
  await once(socket, 'connect');
  const startedAt = performance.now();
  socket.write(request);
  await once(socket, 'data');
  const ms = performance.now() - startedAt;
  socket.destroy();
  return ms;
}

/** ms until the server closes the connection, while `bytes` go out one a second; NaN when it never did. */
export async function timeUntilClosed(url: string, first: string, drip: string, maxMs: number): Promise<number> {
  const socket = dial(url);
  const startedAt = performance.now();
  let closedAt = Number.NaN;
  socket.once('close', () => (closedAt = performance.now()));
  socket.resume().write(first);
  for (let i = 0; Number.isNaN(closedAt) && performance.now() - startedAt < maxMs; i += 1) {
    await sleep(1_000);
    socket.write(drip[i % drip.length] ?? 'x');
  }
  socket.destroy();
  return closedAt - startedAt;
}

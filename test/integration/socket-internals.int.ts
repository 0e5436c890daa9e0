import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from 'socket.io';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, RealtimeServer } from '../../src/platform/realtime/connection.types.js';
import { engineOf } from '../../src/platform/realtime/engine-socket.js';
import { tapEvents } from '../../src/platform/realtime/event-tap.js';
import { takenBytes } from '../../src/platform/realtime/slow-consumer.guard.js';
import { ackPacket } from '../../src/platform/realtime/socket-wire.js';
import { sendEvent, writePacket } from '../../src/platform/realtime/socket-writer.js';
import { RawSocket } from '../support/raw-socket.js';

// What ADR 14 leans on. A test here that fails after an update of socket.io, engine.io or ws says that the short way does not fit
// any more: either it is fitted, or `tapEvents` and `writePacket` go.

const NAMES = new Set(['message:send', 'typing:set']);

let io: RealtimeServer;
let url: string;
let connection: Connection;
let client: RawSocket;
/** In the order in which they were handed over: `tap` by us, `io` by Socket.IO. */
let arrived: string[];

beforeAll(async () => {
  const http = createServer();
  io = new Server(http, { transports: ['websocket'], serveClient: false, perMessageDeflate: false, pingInterval: 300 });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterAll(() => io.close());

beforeEach(async () => {
  arrived = [];
  const connected = new Promise<Connection>((resolve) => io.once('connection', resolve));
  client = await RawSocket.open(url);
  client.send('40');
  connection = await connected;
  expect(
    tapEvents(connection, NAMES, ({ ackId, data: [event, payload] }) => {
      arrived.push(`tap ${event} ${ackId} ${JSON.stringify(payload)}`);
      writePacket(connection, ackPacket(ackId, 'tap'));
    }),
  ).toBe(true);
  connection.onAny((event: string, ...args: unknown[]) => {
    const ack = args.at(-1);
    arrived.push(`io ${event}`);
    if (typeof ack === 'function') (ack as (answer: string) => void)('io');
  });
  await client.until((frame) => frame.startsWith('40'));
  client.frames.length = 0;
  return () => client.close();
});

/** Sends all in one write, so that the server reads them in one piece. */
function sendAtOnce(frames: (string | Uint8Array)[]): void {
  const { _socket: tcp } = client.ws as unknown as { _socket: { cork(): void; uncork(): void } };
  tcp.cork();
  for (const frame of frames) client.send(frame);
  tcp.uncork();
}

async function answers(count: number): Promise<void> {
  await expect.poll(() => client.frames.length, { timeout: 10_000 }).toBe(count);
}

describe('taking events at the engine', () => {
  it('keeps the order between what is taken and what Socket.IO hands over', async () => {
    const kinds = Array.from({ length: 200 }, (_, i) => (i * 7) % 3);
    sendAtOnce(kinds.map((kind, i) => `42${i}["${['message:send', 'no:such', 'typing:set'][kind]}",${i}]`));
    await answers(kinds.length);
    expect(arrived).toEqual(
      kinds.map((kind, i) => [`tap message:send ${i} ${i}`, 'io no:such', `tap typing:set ${i} ${i}`][kind]),
    );
    expect(client.frames).toEqual(kinds.map((kind, i) => `43${i}["${kind === 1 ? 'io' : 'tap'}"]`));
  });

  it('leaves events without acknowledgement, of a number and of unknown names to Socket.IO', async () => {
    sendAtOnce(['42["message:send",{}]', '421[7]', '422["no:such"]']);
    await answers(2);
    expect(arrived).toEqual(['io message:send', 'io 7', 'io no:such']);
  });

  it('leaves binary events to Socket.IO, and a text in the middle of one still closes the connection', async () => {
    const binary = ['451-1["message:send",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3])];
    sendAtOnce([...binary, '422["message:send",2]']);
    await answers(2);
    expect(arrived).toEqual(['io message:send', 'tap message:send 2 2']);
    sendAtOnce([binary[0] as string, '423["message:send",3]']);
    await client.untilClosed();
    expect(arrived).toHaveLength(2);
  });

  it.each(['421["message:send"', '42[]', '421["connect"]', '42/other,1["message:send"]', '49', '40', '4'])(
    'still closes on %j',
    async (frame) => {
      client.send(frame);
      await client.untilClosed();
      expect(arrived).toEqual([]);
    },
  );

  it('takes nothing after the client has left the namespace', async () => {
    sendAtOnce(['421["message:send",1]', '41']);
    await answers(1);
    client.send('422["message:send",2]');
    await client.untilClosed();
    expect(arrived).toEqual(['tap message:send 1 1']);
  });

  it('lets the engine see every packet, so that bytes are metered and pings answered', async () => {
    let packets = 0;
    engineOf(connection).on('packet' as never, () => (packets += 1));
    sendAtOnce(['421["message:send",1]', '422["message:send",2]']);
    await answers(2);
    expect(packets).toBe(2);
    await expect.poll(() => packets, { timeout: 5_000 }).toBeGreaterThan(3);
    expect(client.closeCode).toBeUndefined();
  });

  it('takes nothing, and says so, when the inside is not what it was', () => {
    const { ondata } = connection.client as unknown as { ondata: () => void };
    engineOf(connection).removeListener('data', ondata);
    expect(tapEvents(connection, NAMES, () => undefined)).toBe(false);
  });
});

describe('writing past the engine', () => {
  it('uses the TCP socket of the WebSocket itself', () => {
    const { _socket: inside } = engineOf(connection).transport.socket as unknown as { _socket: object };
    expect(connection.request.socket).toBe(inside);
  });

  it('keeps the order with what Socket.IO sends, also while the client does not read', async () => {
    client.ws.pause();
    const text = 'é'.repeat(3_000);
    const sent = Array.from({ length: 600 }, (_, i) => ({ code: `${i}`, message: i % 5 ? text : 'x'.repeat(70_000) }));
    for (const [i, notice] of sent.entries()) {
      if (i % 3) sendEvent(connection, 'server:notice', notice);
      else connection.emit('server:notice', notice);
      if (i % 50 === 0) await new Promise(setImmediate);
    }
    client.ws.resume();
    await answers(sent.length);
    const codes = client.frames.map((frame) => (JSON.parse(frame.slice(2))[1] as { code: string }).code);
    expect(codes).toEqual(sent.map(({ code }) => code));
  });

  it('counts in what the guard of slow consumers looks at', () => {
    client.ws.pause();
    for (let i = 0; i < 400; i += 1) sendEvent(connection, 'server:notice', { code: 'x', message: 'x'.repeat(30_000) });
    const unread = engineOf(connection).transport.socket?.bufferedAmount ?? 0;
    expect(unread).toBeGreaterThan(256 * 1_024);
  });

  it('tells how much of a long frame the kernel has taken', async () => {
    const engine = engineOf(connection);
    const before = takenBytes(engine);
    client.ws.pause();
    sendEvent(connection, 'server:notice', { code: 'x', message: 'x'.repeat(20_000_000) });
    await sleep(500);
    const some = takenBytes(engine) - before;
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(20_000_000);
    client.ws.resume();
    await answers(1);
    expect(takenBytes(engine) - before).toBeGreaterThanOrEqual(20_000_000);
  });

  it('is before the farewell, and nothing is after it', async () => {
    sendEvent(connection, 'server:notice', { code: 'last', message: '' });
    connection.disconnect(true);
    sendEvent(connection, 'server:notice', { code: 'too late', message: '' });
    writePacket(connection, ackPacket(1, 'too late'));
    await client.untilClosed();
    expect(client.frames.filter((frame) => frame !== '41')).toEqual([
      '42["server:notice",{"code":"last","message":""}]',
    ]);
  });

  it('survives a connection that is gone', async () => {
    const gone = new Promise((resolve) => connection.once('disconnect', resolve));
    client.close();
    for (let i = 0; i < 50; i += 1) sendEvent(connection, 'server:notice', { code: 'x', message: 'x'.repeat(9_000) });
    await gone;
    sendEvent(connection, 'server:notice', { code: 'x', message: 'x' });
    expect(connection.connected).toBe(false);
  });

  it('is seen by those who watch what goes out', () => {
    const seen: unknown[] = [];
    connection.onAnyOutgoing((event: string, payload: unknown) => seen.push([event, payload]));
    sendEvent(connection, 'server:notice', { code: 'a', message: 'b' });
    expect(seen).toEqual([['server:notice', { code: 'a', message: 'b' }]]);
  });
});

import 'reflect-metadata';
import type { AddressInfo, Socket as TcpSocket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpConfig, RuntimeConfig } from '../../src/config/config.types.js';
import { MarkSeen, SendMessage, SetTyping } from '../../src/contracts/socket-requests.dto.js';
import { NotFound, StoaError } from '../../src/platform/errors/stoa-error.js';
import { Caller } from '../../src/platform/identity/caller.decorator.js';
import type { Identity } from '../../src/platform/identity/identity.types.js';
import { LoadMonitor } from '../../src/platform/health/load-monitor.js';
import { Log } from '../../src/platform/logging/log.js';
import { Audit } from '../../src/platform/audit/audit.js';
import { ClientAddress } from '../../src/platform/http/client-address.js';
import { configureHttp } from '../../src/platform/http/configure-http.js';
import { HandshakeLimits } from '../../src/platform/limiter/handshake-limits.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { ConnectionLifecycle } from '../../src/platform/realtime/connection-lifecycle.port.js';
import type { Connection } from '../../src/platform/realtime/connection.types.js';
import { engineOf } from '../../src/platform/realtime/engine-socket.js';
import { FloodGuard } from '../../src/platform/realtime/flood.guard.js';
import { HandshakeGate } from '../../src/platform/realtime/handshake-gate.js';
import { EventGate } from '../../src/platform/realtime/event-gate.port.js';
import { HandshakeVerifier } from '../../src/platform/realtime/handshake-verifier.port.js';
import { SocketAdapter } from '../../src/platform/realtime/socket-adapter.js';
import { SlowConsumerGuard, unreadBytes } from '../../src/platform/realtime/slow-consumer.guard.js';
import { SocketEdge } from '../../src/platform/realtime/socket-edge.js';
import { sendEvent } from '../../src/platform/realtime/socket-writer.js';
import { SocketHandlers } from '../../src/platform/realtime/socket-handlers.decorator.js';
import { Clock } from '../../src/platform/time/clock.js';
import { sendRaw } from '../support/raw-http.js';
import { RawSocket } from '../support/raw-socket.js';

const ORIGIN = 'https://stoa.test';
const id = '0191d5b0-0000-7000-8000-000000000000';

/** Limits have tests of their own; here nothing is refused for its number. */
class OpenGate extends EventGate {
  /** What was charged, and when a connection was open. */
  static readonly seen: string[] = [];
  override admit(): void {}
  override charge(_: Connection, event: string): void {
    OpenGate.seen.push(event);
  }
  override strike(): boolean {
    return false;
  }
}
class NoLimits implements Pick<HandshakeLimits, 'admitTransport' | 'admitAddress' | 'admitUser' | 'digestOf'> {
  admitTransport(): void {}
  admitAddress(): Promise<void> {
    return Promise.resolve();
  }
  admitUser(): Promise<void> {
    return Promise.resolve();
  }
  digestOf(): string {
    return 'digest';
  }
}

/** Characters of an answer, as of a page of long messages. */
const LONG_ANSWER = 700_000;

/** Accepts one cookie and one token. */
class OneSession extends HandshakeVerifier {
  override verify(cookie: string | undefined, csrfToken: unknown): Promise<Identity> {
    if (cookie !== 'good') return Promise.reject(new StoaError('UNAUTHENTICATED'));
    if (csrfToken !== 'token') return Promise.reject(new StoaError('CSRF_INVALID'));
    return Promise.resolve({ userId: 'u1', sessionId: 's1', kind: 'guest' });
  }
}

/** Slow to open, so that an event sent in the same tick as the connection has to wait. */
class SlowLifecycle extends ConnectionLifecycle {
  static fail = false;
  override async opened(connection: Connection): Promise<void> {
    await sleep(50);
    if (SlowLifecycle.fail) throw new StoaError('UNAVAILABLE');
    connection.emit('session:superseded', { at: 'opened' });
    OpenGate.seen.push('open');
  }
  override closed(): Promise<void> {
    return Promise.resolve();
  }
}

/** What the handler of 'late boom' waits for. */
const lateBoom = Promise.withResolvers<void>();

@SocketHandlers()
class FirstGateway {
  @SubscribeMessage('message:send')
  async send(@Caller() caller: Identity, @MessageBody() message: SendMessage): Promise<object> {
    if (message.text === 'long') return { long: 'x'.repeat(LONG_ANSWER) };
    if (message.text === 'slow') await sleep(40);
    if (message.text === 'late boom') await lateBoom.promise;
    if (message.text.endsWith('boom')) throw new Error('secret detail');
    if (message.text === 'gone') throw new NotFound();
    return { event: 'looks like a Nest event', text: message.text, caller: caller.userId };
  }
}

@SocketHandlers()
class SecondGateway {
  @SubscribeMessage('typing:set')
  typing(@MessageBody() _: SetTyping): void {}

  @SubscribeMessage('message:seen')
  seen(@MessageBody() mark: MarkSeen): Promise<object> {
    return Promise.resolve({ seq: mark.seq });
  }
}

const HTTP = { publicOrigin: ORIGIN, secure: true, allowedHosts: ['127.0.0.1'], trustProxy: [], port: 0 };

@Module({
  providers: [
    FirstGateway,
    SecondGateway,
    Log,
    Metrics,
    SocketEdge,
    SlowConsumerGuard,
    FloodGuard,
    HandshakeGate,
    LoadMonitor,
    { provide: EventGate, useClass: OpenGate },
    { provide: HandshakeLimits, useClass: NoLimits },
    Clock,
    { provide: ClientAddress, useValue: { blockOf: () => 'here' } },
    { provide: Audit, useValue: { tally: () => {} } },
    { provide: HandshakeVerifier, useClass: OneSession },
    { provide: ConnectionLifecycle, useClass: SlowLifecycle },
    { provide: RuntimeConfig, useValue: { environment: 'production', logLevel: 'silent' } },
    { provide: HttpConfig, useValue: HTTP },
  ],
})
class EdgeModule {}

let app: NestExpressApplication;
let adapter: SocketAdapter;
let url: string;
const sockets: Socket[] = [];

beforeAll(async () => {
  app = await NestFactory.create<NestExpressApplication>(EdgeModule, { bodyParser: false, logger: false });
  configureHttp(app, HTTP);
  adapter = new SocketAdapter(app, app.getHttpServer());
  app.useWebSocketAdapter(adapter);
  await app.listen(0);
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});

afterAll(async () => {
  for (const socket of sockets) socket.close();
  await app.close();
});

interface Dial {
  cookie?: string;
  token?: string;
  /** null: none is sent */
  origin?: string | null;
  host?: string;
}

function dial({ cookie = 'good', token = 'token', origin = ORIGIN, host }: Dial = {}): Socket {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: { csrfToken: token },
    extraHeaders: { cookie, ...(origin ? { origin } : {}), ...(host ? { host } : {}) },
  });
  sockets.push(socket);
  return socket;
}

const refusal = (socket: Socket): Promise<Error & { data?: { code: string; requestId: string } }> =>
  new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('connected')));
    socket.once('connect_error', resolve);
  });

const attempt = (work: () => void): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return (error as StoaError).code;
  }
};

const ask = (socket: Socket, event: string, ...args: unknown[]) =>
  socket.timeout(10_000).emitWithAck(event, ...args) as Promise<{
    ok: boolean;
    data?: object;
    error?: { code: string };
  }>;

const message = (text: string) => ({ conversationId: 'c', clientId: id, text });
const typing = { conversationId: 'c', typing: true };

describe('the socket edge', () => {
  it('refuses a foreign and, in production, a missing origin before the upgrade', async () => {
    expect((await refusal(dial({ origin: 'https://evil.example' }))).data).toBeUndefined();
    expect((await refusal(dial({ origin: null }))).data).toBeUndefined();
  });

  it('refuses a host that is not ours', async () => {
    expect((await refusal(dial({ host: 'evil.example' }))).data).toBeUndefined();
  });

  it('refuses newcomers while the event loop lags, and takes them again', async () => {
    const load = app.get(LoadMonitor);
    const talking = dial();
    await ask(talking, 'message:send', message('before'));
    const busy = setInterval(() => {
      const until = performance.now() + 450;
      while (performance.now() < until);
    }, 0);
    try {
      await expect.poll(() => attempt(() => load.admitHandshake()), { timeout: 40_000, interval: 500 }).toBe('BUSY');
      const refused = refusal(dial());
      expect(await ask(talking, 'message:send', message('still'))).toMatchObject({ ok: true });
      expect((await refused).data).toMatchObject({ code: 'BUSY', retryable: true, retryAfterMs: 5_000 });
    } finally {
      clearInterval(busy);
    }
    await expect.poll(() => attempt(() => load.admitHandshake()), { timeout: 40_000, interval: 500 }).toBe('ok');
  }, 100_000);

  it('refuses with the error object as err.data', async () => {
    expect((await refusal(dial({ cookie: 'bad' }))).data).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
    const { data } = await refusal(dial({ token: 'bad' }));
    expect(data?.code).toBe('CSRF_INVALID');
    expect(data?.requestId).toMatch(/^[\w-]{36}$/);
  });

  it('handles an event of the same tick as the connection only after the opening', async () => {
    const socket = dial();
    const seen: string[] = [];
    socket.on('session:superseded', () => seen.push('opened'));
    const answer = await ask(socket, 'message:send', message('hi'));
    seen.push('answered');
    expect(seen).toEqual(['opened', 'answered']);
    expect(answer).toEqual({ ok: true, data: { event: 'looks like a Nest event', text: 'hi', caller: 'u1' } });
  });

  it('charges what comes early after the opening, when it is known what was spent elsewhere, and the rest at once', async () => {
    OpenGate.seen.length = 0;
    const socket = dial();
    await Promise.all([ask(socket, 'message:send', message('hi')), ask(socket, 'typing:set', typing)]);
    expect(OpenGate.seen).toEqual(['open', 'message:send', 'typing:set']);
    await Promise.all([ask(socket, 'message:send', message('slow')), ask(socket, 'typing:set', typing)]);
    expect(OpenGate.seen.slice(3)).toEqual(['message:send', 'typing:set']);
    await ask(socket, 'typing:set', typing);
    await ask(socket, 'no:such', {});
    expect(OpenGate.seen).toHaveLength(6);
  });

  it('answers every event: unknown, invalid, failing, without a result', async () => {
    const socket = dial();
    expect(await ask(socket, 'no:such', {})).toMatchObject({ ok: false, error: { code: 'EVENT_UNKNOWN' } });
    expect(await ask(socket, 'search:start', {})).toMatchObject({ ok: false, error: { code: 'EVENT_UNKNOWN' } });
    expect(await ask(socket, 'message:send', { ...message('hi'), role: 1 })).toMatchObject({
      error: { code: 'INPUT_INVALID', errors: [{ field: 'role', code: 'unknown' }] },
    });
    expect(await ask(socket, 'message:send', null)).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    expect(await ask(socket, 'message:send', message('a'), 2)).toMatchObject({ error: { code: 'INPUT_INVALID' } });
    expect(await ask(socket, 'message:send', message('gone'))).toMatchObject({ error: { code: 'NOT_FOUND' } });
    const failed = await ask(socket, 'message:send', message('boom'));
    expect(failed).toMatchObject({ ok: false, error: { code: 'INTERNAL', retryable: false } });
    expect(JSON.stringify(failed)).not.toContain('secret');
    expect(await ask(socket, 'typing:set', typing)).toEqual({ ok: true, data: {} });
  });

  it('counts how long each answer took, refusals too: for our reasons apart from theirs', async () => {
    const socket = dial();
    const { registry } = app.get(Metrics);
    const counts = async () => {
      const told = await registry.metrics();
      const of = (labels: string) =>
        Number(new RegExp(`^stoa_socket_event_seconds_count\\{${labels}\\} (\\d+)$`, 'm').exec(told)?.[1] ?? 0);
      return [
        of('event="message:send",outcome="ok"'),
        of('event="message:send",outcome="failed"'),
        of('event="message:send",outcome="refused"'),
        of('event="unknown",outcome="refused"'),
      ];
    };
    const before = await counts();
    await ask(socket, 'message:send', message('hi'));
    for (let i = 0; i < 2; i += 1) await ask(socket, 'message:send', message('boom'));
    for (let i = 0; i < 3; i += 1) await ask(socket, 'message:send', message('gone'));
    for (let i = 0; i < 4; i += 1) await ask(socket, 'no:such', {});
    expect((await counts()).map((count, i) => count - (before[i] ?? 0))).toEqual([1, 2, 3, 4]);
  });

  it('keeps the order of one socket over gateways, and lets other sockets go ahead', async () => {
    const [one, two] = [dial(), dial()];
    await Promise.all([ask(one, 'message:send', message('x')), ask(two, 'message:send', message('x'))]);
    const order: string[] = [];
    await Promise.all([
      ask(one, 'message:send', message('slow')).then(() => order.push('slow')),
      ask(one, 'message:seen', { conversationId: 'c', seq: 1 }).then(() => order.push('seen')),
      ask(two, 'message:seen', { conversationId: 'c', seq: 1 }).then(() => order.push('other')),
    ]);
    expect(order).toEqual(['other', 'slow', 'seen']);
  });

  it('closes the transport of whoever leaves the namespace: it would outlive the session', async () => {
    const client = await RawSocket.open(url, { cookie: 'good', origin: ORIGIN });
    client.send('40{"csrfToken":"token"}');
    await client.until((frame) => frame.startsWith('40'));
    client.send('41');
    expect(await client.untilClosed()).toBeLessThan(2_000);
  });

  it('closes the transport of whoever is refused, and asks again and again', async () => {
    const client = await RawSocket.open(url, { cookie: 'bad', origin: ORIGIN });
    const asking = setInterval(() => client.send('40{"csrfToken":"token"}'), 300);
    await expect.poll(() => client.closeCode, { timeout: 12_500 }).toBeDefined();
    clearInterval(asking);
    expect(client.frames.filter((frame) => frame.startsWith('44')).length).toBeGreaterThan(5);
  }, 20_000);

  it('survives an event without acknowledgement', async () => {
    const socket = dial();
    socket.emit('message:send', message('no ack'));
    socket.emit('message:send');
    expect(await ask(socket, 'message:send', message('hi'))).toMatchObject({ ok: true });
  });

  it('refuses more waiting events than a socket may have', async () => {
    const socket = dial();
    await ask(socket, 'message:send', message('x'));
    const answers = await Promise.all(Array.from({ length: 80 }, () => ask(socket, 'message:send', message('slow'))));
    expect(answers.filter((a) => a.error?.code === 'BUSY').length).toBe(16);
    expect(answers.filter((a) => a.ok).length).toBe(64);
  }, 15_000);

  it('closes a connection whose opening fails, with no event: the first would have to be session:ready', async () => {
    SlowLifecycle.fail = true;
    const socket = dial();
    const events: string[] = [];
    socket.onAny((event: string) => events.push(event));
    const reason = await new Promise((resolve) => socket.once('disconnect', resolve));
    SlowLifecycle.fail = false;
    expect(reason).toBe('io server disconnect');
    expect(events).toEqual([]);
  });

  it('closes a connection that does not read, and keeps its memory', async () => {
    const socket = dial();
    await ask(socket, 'message:send', message('x'));
    const server = adapter.create();
    const [connection] = [...server.sockets.sockets.values()].slice(-1);
    (socket.io.engine.transport as unknown as { ws: { pause(): void } }).ws.pause();
    const closed = new Promise<string>((resolve) => connection?.once('disconnect', resolve));
    const text = 'x'.repeat(30_000);
    const flood = setInterval(() => connection?.emit('server:notice', { code: 'x', message: text }), 1);
    expect(await closed).toMatch(/transport/);
    clearInterval(flood);
    const told = await app.get(Metrics).registry.metrics();
    expect(told).toMatch(/^stoa_socket_slow_consumers_total [1-9]/m);
    expect(told).toMatch(/^stoa_socket_closed_total\{reason="transport (close|error)"\} [1-9]/m);
    expect(told).toMatch(/^stoa_socket_unread_bytes [1-9]\d{5}/m);
  }, 20_000);

  it('lets who reads a long answer slowly read on, and closes who stops', async () => {
    const socket = dial();
    await ask(socket, 'message:send', message('x'));
    const [connection] = [...adapter.create().sockets.sockets.values()].slice(-1) as [Connection];
    const { _socket: tcp } = (socket.io.engine.transport as unknown as { ws: { _socket: TcpSocket } }).ws;
    tcp.on('data', () => tcp.pause());
    const reading = setInterval(() => tcp.resume(), 50);
    const [engine, text] = [engineOf(connection), 'x'.repeat(700_000)];
    const seen: boolean[] = [];
    const writing = setInterval(() => {
      seen.push(unreadBytes(engine) > 256 * 1_024);
      if (unreadBytes(engine) < 700_000) connection.emit('server:notice', { code: 'x', message: text });
    }, 20);
    // The kernels take some megabytes first, and then lump by lump.
    await expect.poll(() => seen.filter(Boolean).length, { timeout: 10_000 }).toBeGreaterThan(50);
    await sleep(6_000);
    expect(connection.connected).toBe(true);
    expect(seen.filter(Boolean).length).toBeGreaterThan(100);
    clearInterval(reading);
    await expect.poll(() => connection.connected, { timeout: 9_000 }).toBe(false);
    clearInterval(writing);
  }, 30_000);

  it('works nothing more out for who does not read what was asked for, and closes it', async () => {
    const socket = dial();
    await ask(socket, 'message:send', message('x'));
    const [connection] = [...adapter.create().sockets.sockets.values()].slice(-1) as [Connection];
    (socket.io.engine.transport as unknown as { ws: { pause(): void } }).ws.pause();
    const pattern = /^stoa_socket_unheard_total (\d+)/m;
    const unheard = async () => Number(pattern.exec(await app.get(Metrics).registry.metrics())?.[1] ?? 0);
    const before = await unheard();
    for (let i = 0; i < 60; i += 1) socket.emit('message:send', message('long'), () => undefined);
    let most = 0;
    for (; connection.connected; await sleep(5)) most = Math.max(most, unreadBytes(engineOf(connection)));
    // One answer beyond the bound; 60 would be 40 MB, of which the kernels take some.
    expect(most).toBeLessThan(256 * 1_024 + LONG_ANSWER);
    await connection.data.order?.settled();
    expect((await unheard()) - before).toBeGreaterThan(30);
  }, 20_000);

  it('tells of a fault of ours also where whoever asked is closed meanwhile for not reading', async () => {
    const socket = dial();
    await ask(socket, 'message:send', message('x'));
    const [connection] = [...adapter.create().sockets.sockets.values()].slice(-1) as [Connection];
    const pattern = /stoa_socket_refusals_total\{event="message:send",code="INTERNAL"\} (\d+)/;
    const faults = async () => Number(pattern.exec(await app.get(Metrics).registry.metrics())?.[1] ?? 0);
    const before = await faults();
    const asked = OpenGate.seen.length;
    socket.emit('message:send', message('late boom'), () => undefined);
    await expect.poll(() => OpenGate.seen.length).toBeGreaterThan(asked);
    connection.data.leftUnread = true;
    lateBoom.resolve();
    await expect.poll(faults).toBe(before + 1);
  });

  it('bounds what 200 who do not read leave unread together, before each is at their own bound', async () => {
    const READERS = 200;
    const MIB = 1_024 * 1_024;
    const { sockets: connections } = adapter.create().sockets;
    const before = new Set(connections.keys());
    const readers = Array.from({ length: READERS }, () => dial());
    await Promise.all(readers.map((reader) => new Promise((resolve) => reader.once('session:superseded', resolve))));
    for (const reader of readers) (reader.io.engine.transport as unknown as { ws: { pause(): void } }).ws.pause();
    const hung = [...connections.values()].filter(({ id }) => !before.has(id));
    const unreadOf = (connection: Connection): number => unreadBytes(engineOf(connection));
    const notice = { code: 'x', message: 'x'.repeat(30_000) };
    const round = READERS * notice.message.length;
    // What the kernels take, first.
    for (const connection of hung) while (unreadOf(connection) === 0) sendEvent(connection, 'server:notice', notice);
    const together: number[] = [];
    for (let second = 0; second < 8; second += 1) {
      const open = hung.filter(({ connected }) => connected);
      together.push(open.reduce((sum, connection) => sum + unreadOf(connection), 0));
      for (const connection of open) sendEvent(connection, 'server:notice', notice);
      await sleep(1_000);
    }
    // Each bound by itself would let 400 MiB be. Two rounds may come between two looks of the guard.
    expect(Math.max(...together)).toBeLessThan(24 * MIB + 2 * round);
    expect(Math.max(...together)).toBeGreaterThan(12 * MIB);
    expect(hung.filter(({ connected }) => connected).length).toBeLessThan(READERS);
  }, 60_000);

  describe('answers, whoever does,', () => {
    const HEADERS = {
      'strict-transport-security': 'max-age=31536000; includeSubDomains',
      'permissions-policy': expect.stringContaining('camera=()'),
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
    };
    const socketPath = '/socket.io/?EIO=4&transport=websocket';
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
    const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
    const from = (origin: string) => `Origin: ${origin}\r\n`;
    const ask = (line: string, headers = '', host = '127.0.0.1') =>
      `${line} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;

    it.each<[what: string, request: string, status: number, code?: string]>([
      ['an upgrade', ask(`GET ${socketPath}`, upgrade + key + from(ORIGIN)), 101],
      [
        'a foreign origin',
        ask(`GET ${socketPath}`, upgrade + key + from('https://evil.example')),
        403,
        'ORIGIN_FORBIDDEN',
      ],
      ['a foreign host', ask(`GET ${socketPath}`, upgrade + key + from(ORIGIN), 'evil.example'), 421, 'HOST_UNKNOWN'],
      ['no key', ask(`GET ${socketPath}`, upgrade + from(ORIGIN)), 400, 'INPUT_INVALID'],
      [
        'an odd version',
        ask(`GET ${socketPath}`, upgrade + key.replace('13', '7') + from(ORIGIN)),
        400,
        'INPUT_INVALID',
      ],
      [
        'a subprotocol',
        ask(`GET ${socketPath}`, `${upgrade}${key}Sec-WebSocket-Protocol: a,,b\r\n`),
        400,
        'INPUT_INVALID',
      ],
      ['polling', ask('GET /socket.io/?EIO=4&transport=polling'), 400, 'INPUT_INVALID'],
      [
        'polling of a foreign host',
        ask('GET /socket.io/?EIO=4&transport=polling', '', 'evil.example'),
        421,
        'HOST_UNKNOWN',
      ],
      ['an upgrade to polling', ask('GET /socket.io/?EIO=4&transport=polling', upgrade + key), 400, 'INPUT_INVALID'],
      ['an upgrade of a stranger', ask(`GET ${socketPath}&sid=nobodys`, upgrade + key), 400, 'INPUT_INVALID'],
      ['an older protocol', ask('GET /socket.io/?EIO=3&transport=websocket', upgrade + key), 400, 'INPUT_INVALID'],
      ['two transports', ask(`GET ${socketPath}&transport=polling`, upgrade + key), 400, 'INPUT_INVALID'],
      ['a POST that upgrades', ask(`POST ${socketPath}`, upgrade + key), 400, 'INPUT_INVALID'],
      ['a POST', ask('POST /socket.io/?EIO=4&transport=polling', 'Content-Length: 0\r\n'), 400, 'INPUT_INVALID'],
      ['no upgrade', ask(`GET ${socketPath}`), 400, 'INPUT_INVALID'],
      ['a path beside', ask('GET /socket.iox/?EIO=4&transport=websocket', upgrade + key), 404, 'NOT_FOUND'],
      ['a path below', ask('GET /socket.io/x?EIO=4&transport=websocket', upgrade + key), 400, 'INPUT_INVALID'],
      ['a route that is none', ask('GET /api/v1/nothing'), 404, 'NOT_FOUND'],
      ['a file that is none', ask('GET /nothing.js'), 404, 'NOT_FOUND'],
      ['a foreign host for a page', ask('GET /', '', 'evil.example'), 421, 'HOST_UNKNOWN'],
      ['a method that is none', ask('FOO /'), 405, 'METHOD_NOT_ALLOWED'],
      ['TRACE', ask('TRACE /'), 405, 'METHOD_NOT_ALLOWED'],
      ['CONNECT', ask('CONNECT example.org:443'), 405, 'METHOD_NOT_ALLOWED'],
      ['nonsense', 'NONSENSE\r\n\r\n', 400, 'INPUT_INVALID'],
      ['endless headers', ask('GET /', `X-Long: ${'x'.repeat(9_000)}\r\n`), 431, 'INPUT_INVALID'],
    ])('%s with every security header', async (_, request, status, code) => {
      const answer = await sendRaw(url, request);
      const [, ...lines] = answer.head.split('\r\n');
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
      );
      expect(answer.status).toBe(status);
      expect(headers).toMatchObject(HEADERS);
      if (code === undefined) return;
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(JSON.parse(answer.body)).toMatchObject({ status, code, requestId: headers['x-request-id'] });
    });
  });
});

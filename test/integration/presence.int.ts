import { randomUUID } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRedis } from '../../scripts/services/redis.mjs';
import { Log } from '../../src/platform/logging/log.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import type { Connection } from '../../src/platform/realtime/connection.types.js';
import { ChannelWatch } from '../../src/platform/realtime/channel-watch.js';
import { channelOf, ProcessChannel } from '../../src/platform/realtime/process-channel.js';
import { createRedis } from '../../src/platform/redis/redis-connection.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { ConnectionHolds } from '../../src/presence/connection-holds.js';
import { ConnectionRegistry } from '../../src/presence/connection-registry.js';
import { PresenceRoutes } from '../../src/presence/presence-routes.js';
import { connectionKey } from '../../src/presence/presence.keys.js';
import { PresenceService } from '../../src/presence/presence.service.js';
import { SupersedeListener } from '../../src/presence/supersede.listener.js';
import { UserHints } from '../../src/presence/user-hints.js';

const log = new Log({ environment: 'test', logLevel: 'silent', rateLimits: true });
const clients: RedisClient[] = [];
let store: Awaited<ReturnType<typeof startRedis>>;

/** One api process, without its HTTP. */
interface Process {
  presence: PresenceService;
  redis: RedisClient;
  channel: ProcessChannel;
  watch: ChannelWatch;
  id: string;
  /** Hints that met nobody here, by what became of them. */
  strays: (outcome: 'forwarded' | 'lost') => Promise<number>;
}

async function startProcess({
  url = store.url,
  subscriberUrl = url,
}: { url?: string; subscriberUrl?: string } = {}): Promise<Process> {
  const [redis, subscriber] = [
    createRedis([url], 'request', () => {}),
    createRedis([subscriberUrl], 'subscriber', () => {}),
  ];
  clients.push(redis, subscriber);
  await Promise.all([redis.connect(), subscriber.connect()]);
  const metrics = new Metrics();
  const channel = new ProcessChannel(redis, subscriber, log, metrics);
  await channel.onApplicationBootstrap();
  await sleep(50);
  const [registry, holds] = [new ConnectionRegistry(), new ConnectionHolds(redis, channel)];
  const hints = new UserHints(channel, new PresenceRoutes(holds), registry, metrics);
  const presence = new PresenceService(holds, registry, channel, hints, log, metrics);
  // oxlint-disable-next-line no-new -- it listens
  new SupersedeListener(channel, presence, { leave: async () => {} } as never);
  return {
    presence,
    redis,
    channel,
    watch: new ChannelWatch(channel, log, metrics),
    id: channel.processId,
    strays: async (outcome) => {
      const told = await metrics.registry.getSingleMetricAsString('stoa_presence_hints_astray_total');
      return Number(new RegExp(`outcome="${outcome}"} (\\d+)`).exec(told)?.[1] ?? 0);
    },
  };
}

/** A way to Redis whose far end can vanish: what is open then hears nothing any more, no goodbye either; what comes later passes. */
async function aWay(): Promise<{ url: string; vanish: () => void; close: () => void }> {
  const { hostname, port } = new URL(store.url);
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from);
      from.on('data', (chunk) => to.write(chunk)).on('error', () => from.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    vanish: () => open.forEach((socket) => socket.removeAllListeners('data').pause()),
    close: () => {
      server.close();
      open.forEach((socket) => socket.destroy());
    },
  };
}

/** Stands for a socket: remembers what was sent to it and whether it was closed. */
class SocketDouble {
  readonly sent: [string, unknown][] = [];
  closed = false;
  readonly data;

  constructor(userId: string, sessionId = 'session') {
    this.data = { identity: { userId, sessionId, kind: 'guest' }, connectionId: randomUUID() };
  }

  /** The engine below, for what is written past Socket.IO. */
  readonly conn = {
    readyState: 'open',
    writeBuffer: [],
    transport: {},
    write: (packet: string) => this.emit(...(JSON.parse(packet.slice(1)) as [string, unknown])),
  };

  listenersAnyOutgoing(): [] {
    return [];
  }

  emit(event: string, payload: unknown): void {
    if (!this.closed) this.sent.push([event, payload]);
  }

  disconnect(): void {
    this.closed = true;
  }

  get events(): string[] {
    return this.sent.map(([event]) => event);
  }

  get connection(): Connection {
    return this as unknown as Connection;
  }
}

const until = async (condition: () => boolean, withinMs = 2_000): Promise<void> => {
  for (let i = 0; i < withinMs / 20 && !condition(); i += 1) await sleep(20);
};

/** Until the end of the test: a busy machine takes longer than the 2 s for which one is remembered. */
const routesStay = (): void => void vi.useFakeTimers({ toFake: ['performance'] });

let one: Process;
let two: Process;
let userId: string;
beforeAll(async () => {
  store = await startRedis({ fresh: true });
  [one, two] = [await startProcess(), await startProcess()];
});
beforeEach(() => {
  userId = randomUUID();
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await store.stop();
});

/** A Redis that can be stopped and goes on later: what was sent meanwhile lies in its kernel's buffer, and is run then. */
async function aStoppable(): Promise<{
  url: string;
  signal: (signal: NodeJS.Signals) => void;
  stop: () => Promise<void>;
}> {
  const { url, stop } = await startRedis({ fresh: true });
  const client = createRedis([url], 'worker', () => {});
  const pid = Number(/^process_id:(\d+)/m.exec(await client.info('server'))?.[1]);
  client.disconnect();
  return { url, signal: (signal) => process.kill(pid, signal), stop };
}

async function arrive({ presence }: Process, session?: string): Promise<SocketDouble> {
  const socket = new SocketDouble(userId, session);
  await presence.attach(socket.connection);
  presence.announceReady(socket.connection, { state: 'idle' } as never);
  return socket;
}

it('hears on when what comes over its channel is no message of ours, or of another version', async () => {
  const { redis, channel } = await startProcess();
  channel.on('broken', () => {
    throw new Error('as a test wants it');
  });
  const others = [
    'no JSON',
    '7',
    '[null,5,[],{}]',
    '[{"type":"later","question":1}]',
    '[{"type":"supersede"},{"type":"broken"}]',
  ];
  for (const text of others) await redis.spublish(channelOf(channel.processId), text);
  expect(await channel.echo(2_000)).toBe('done');
  expect(await channel.ask(channel.processId, { type: 'broken' }, 2_000)).toBe('done');
});

describe('presence', () => {
  it('keeps a bounded number of events for a connection that is being received', async () => {
    const socket = new SocketDouble(userId);
    await one.presence.attach(socket.connection);
    for (let seq = 1; seq <= 1_000; seq += 1) one.presence.emit(userId, 'message:seen', { conversationId: 'c', seq });
    one.presence.announceReady(socket.connection, { state: 'idle' } as never);
    expect(socket.events).toEqual(['session:ready', ...Array.from({ length: 256 }, () => 'message:seen')]);
    expect(socket.sent.at(-1)).toEqual(['message:seen', { conversationId: 'c', seq: 256 }]);
  });

  it('does not take the heartbeat of a connection that is being received for a newer one', async () => {
    await arrive(two);
    const socket = new SocketDouble(userId);
    const received = one.presence.attach(socket.connection);
    await Promise.all([received, one.presence.renew(socket.connection)]);
    await one.presence.renew(socket.connection);
    expect(socket.events).toEqual([]);
    expect([socket.closed, one.presence.isLocal(userId)]).toEqual([false, true]);
    // It is still the newest, and a newer one still wins.
    await arrive(two);
    await until(() => socket.closed);
    expect(socket.events).toEqual(['session:superseded']);
  });

  it('keeps the newest connection and tells the older one, here and on another process', async () => {
    const first = await arrive(one);
    const second = await arrive(one);
    expect(first.events).toEqual(['session:ready', 'session:superseded']);
    await until(() => first.closed);
    expect(first.closed).toBe(true);
    const third = await arrive(two);
    await until(() => second.closed);
    expect(second.events.at(-1)).toBe('session:superseded');
    expect(third.closed).toBe(false);
    expect([one.presence.isLocal(userId), two.presence.isLocal(userId)]).toEqual([false, true]);
  });

  it('lets a newcomer in when the older connection has its answers, wherever that is, and waits for no dead process', async () => {
    for (const home of [one, two]) {
      const older = await arrive(home);
      let answer: () => void = () => undefined;
      const settled = new Promise<void>((resolve) => (answer = resolve));
      Object.assign(older.data, { order: { settled: () => settled } });
      let isIn = false;
      const newcomer = arrive(one).then(() => (isIn = true));
      await until(() => older.events.includes('session:superseded'));
      await sleep(100);
      expect(isIn).toBe(false);
      answer();
      await newcomer;
    }
    await one.redis.hset(connectionKey(userId), { process: randomUUID(), connection: 'c', generation: 1 });
    const startedAt = performance.now();
    await arrive(one);
    expect(performance.now() - startedAt).toBeLessThan(500);
  });

  it('does not take the end of an old connection for the end of the user', async () => {
    const first = await arrive(one);
    const second = await arrive(two);
    await until(() => first.closed);
    expect(await one.presence.detach(first.connection)).toBe(false);
    expect(await two.presence.livePresence([userId])).toEqual(new Map([[userId, true]]));
    expect(await two.presence.detach(second.connection)).toBe(true);
    expect(await two.presence.livePresence([userId])).toEqual(new Map([[userId, false]]));
  });

  it('of many that arrive at once on two processes leaves exactly one', async () => {
    const sockets = await Promise.all(Array.from({ length: 20 }, (_, i) => arrive(i % 2 ? one : two)));
    await until(() => sockets.filter((s) => !s.closed).length === 1);
    await sleep(100);
    expect(sockets.filter((s) => !s.closed)).toHaveLength(1);
  });

  it('reaches a user on another process, in order', async () => {
    const socket = await arrive(two);
    for (let seq = 1; seq <= 50; seq += 1) one.presence.emit(userId, 'message:seen', { conversationId: 'c', seq });
    await until(() => socket.sent.length === 51);
    expect(socket.sent.slice(1).map(([, p]) => (p as { seq: number }).seq)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
  });

  it('forwards what was sent along a stale route, once and in order, and counts it', async () => {
    const three = await startProcess();
    const hint = (seq: number): void => one.presence.emit(userId, 'message:seen', { conversationId: 'c', seq });
    const before = { forwarded: await two.strays('forwarded'), lost: await two.strays('lost') };
    routesStay();
    const older = await arrive(two);
    hint(0);
    await until(() => older.sent.length === 2);
    const newer = await arrive(three);
    for (let seq = 1; seq <= 20; seq += 1) hint(seq);
    await until(() => newer.sent.length === 21, 500);
    expect(newer.sent.slice(1).map(([, p]) => (p as { seq: number }).seq)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect((await two.strays('forwarded')) - before.forwarded).toBe(20);

    // Nobody is anywhere; or two processes hold each other for the user's, which must not go on for ever.
    await three.presence.detach(newer.connection);
    hint(21);
    await expect.poll(() => two.strays('lost')).toBe(before.lost + 1);
    await one.redis.hset(connectionKey(userId), 'process', three.id);
    hint(22);
    await expect.poll(() => three.strays('lost')).toBe(1);
    expect((await two.strays('forwarded')) - before.forwarded).toBe(21);
  });

  it('finds a user again whose process died, and counts what nobody can get', async () => {
    const hint = (seq: number): void => one.presence.emit(userId, 'message:seen', { conversationId: 'c', seq });
    const before = { forwarded: await one.strays('forwarded'), lost: await one.strays('lost') };
    routesStay();
    await one.redis.hset(connectionKey(userId), { process: randomUUID(), connection: 'c', generation: 1 });
    hint(1);
    await expect.poll(() => one.strays('lost')).toBe(before.lost + 1);
    const socket = await arrive(two);
    hint(2);
    await until(() => socket.sent.length === 2, 500);
    expect(socket.sent.at(-1)).toEqual(['message:seen', { conversationId: 'c', seq: 2 }]);
    expect(await one.strays('forwarded')).toBe(before.forwarded + 1);
  });

  it('revokes a session along a stale route, too', async () => {
    const three = await startProcess();
    routesStay();
    await arrive(two, 'mine');
    one.presence.revoke(userId, 'signed_out', 'another');
    await sleep(50);
    const socket = await arrive(three, 'mine');
    one.presence.revoke(userId, 'signed_out', 'mine');
    await until(() => socket.closed);
    expect(socket.sent.at(-1)).toEqual(['session:revoked', { reason: 'signed_out' }]);
  });

  it('holds back what arrives before session:ready', async () => {
    const socket = new SocketDouble(userId);
    await one.presence.attach(socket.connection);
    one.presence.emit(userId, 'typing:changed', { conversationId: 'c', typing: true });
    expect(socket.events).toEqual([]);
    one.presence.announceReady(socket.connection, { state: 'idle' } as never);
    expect(socket.events).toEqual(['session:ready', 'typing:changed']);
  });

  it('tells whoever is superseded or revoked while being received, behind session:ready', async () => {
    const [older, newer] = [new SocketDouble(userId), new SocketDouble(userId, 'mine')];
    await one.presence.attach(older.connection);
    const received = one.presence.attach(newer.connection);
    expect([older.events, older.data]).toEqual([[], expect.objectContaining({ closing: 'SUPERSEDED' })]);
    one.presence.announceReady(older.connection, { state: 'idle' } as never);
    await received;
    expect(older.events).toEqual(['session:ready', 'session:superseded']);
    one.presence.revoke(userId, 'signed_out', 'mine');
    expect(newer.events).toEqual([]);
    one.presence.announceReady(newer.connection, { state: 'idle' } as never);
    expect(newer.events).toEqual(['session:ready', 'session:revoked']);
  });

  it('closes whom it cannot receive in time, and says nothing but that they are live elsewhere', async () => {
    const [older, newer] = [new SocketDouble(userId), new SocketDouble(userId)];
    await one.presence.attach(older.connection);
    await one.presence.attach(newer.connection);
    one.presence.emit(userId, 'typing:changed', { conversationId: 'c', typing: true });
    one.presence.revoke(userId, 'signed_out');
    await until(() => older.closed && newer.closed);
    expect([older.closed, older.events]).toEqual([true, ['session:superseded']]);
    expect([newer.closed, newer.events]).toEqual([true, []]);
  });

  it('revokes by session, wherever the connection is', async () => {
    const socket = await arrive(two, 'mine');
    one.presence.revoke(userId, 'signed_out', 'another');
    one.presence.revoke(userId, 'signed_out', 'mine');
    await until(() => socket.events.includes('session:revoked'));
    two.presence.emit(userId, 'typing:changed', { conversationId: 'c', typing: true });
    await until(() => socket.closed);
    expect(socket.sent.at(-1)).toEqual(['session:revoked', { reason: 'signed_out' }]);
    expect(socket.sent.filter(([event]) => event === 'session:revoked')).toHaveLength(1);
  });

  it('after Redis was emptied: a renewal puts the connection back, and the newest still wins', async () => {
    const socket = await arrive(one);
    await one.redis.del(connectionKey(userId));
    await one.presence.renew(socket.connection);
    expect(await one.presence.livePresence([userId])).toEqual(new Map([[userId, true]]));
    await one.redis.del(connectionKey(userId));
    const newer = await arrive(two);
    await one.presence.renew(socket.connection);
    await until(() => socket.closed);
    expect(socket.events.at(-1)).toBe('session:superseded');
    await two.presence.renew(newer.connection);
    expect(newer.closed).toBe(false);
  });

  it('settles two connections that came while Redis was away for the newer one', async () => {
    const [older, newer] = [new SocketDouble(userId), new SocketDouble(userId)];
    one.redis.disconnect();
    two.redis.disconnect();
    await until(() => one.redis.status === 'end' && two.redis.status === 'end');
    await one.presence.attach(older.connection);
    await sleep(5);
    await two.presence.attach(newer.connection);
    await Promise.all([one.redis.connect(), two.redis.connect()]);
    await one.presence.renew(older.connection);
    await two.presence.renew(newer.connection);
    await until(() => older.closed);
    expect([older.closed, newer.closed]).toEqual([true, false]);
  });

  it.each([
    ['another process', 0],
    ['the same', 1],
  ])('does not take a claim that a stalled Redis runs late, on %s, for a newer connection', async (_, left) => {
    const stalled = await aStoppable();
    const processes = await Promise.all([startProcess(stalled), startProcess(stalled)]);
    const [there, here] = [processes[left], processes[1]] as [Process, Process];
    await Promise.all(processes.map(({ watch }) => watch.look()));
    // Redis knows the scripts.
    await there.presence.detach((await arrive(there)).connection);
    stalled.signal('SIGSTOP');
    try {
      for (const { redis } of processes) redis.ping().catch(() => undefined);
      const gone = await arrive(there);
      // Their connections to Redis are dead by now: from here on nothing is sent.
      await until(() => processes.every(({ redis }) => redis.status !== 'ready'), 4_000);
      expect(await there.presence.detach(gone.connection)).toBe(true);
      const only = await arrive(here);
      stalled.signal('SIGCONT');
      await until(() => processes.every(({ redis }) => redis.status === 'ready'), 4_000);
      await expect.poll(() => here.redis.hget(connectionKey(userId), 'connection')).toBe(gone.data.connectionId);
      await here.presence.renew(only.connection);
      await until(() => only.events.includes('session:superseded'), 1_500);
      expect(only.events).toEqual(['session:ready']);
      expect(await here.redis.hget(connectionKey(userId), 'connection')).toBe(only.data.connectionId);
    } finally {
      stalled.signal('SIGCONT');
      await stalled.stop();
    }
  });

  it('lets a connection live while nobody can say whether a newer one does', async () => {
    const socket = await arrive(one);
    const dead = { process: randomUUID(), connection: randomUUID(), generation: (Date.now() + 60_000) * 1_000 };
    await one.redis.hset(connectionKey(userId), dead);
    let unsettled = 0;
    one.presence.onUnsettled(() => (unsettled += 1));
    await one.presence.renew(socket.connection);
    await until(() => unsettled > 0);
    expect([unsettled, socket.closed, one.presence.isLocal(userId)]).toEqual([1, false, true]);
    // Its lease ends by itself.
    await one.redis.del(connectionKey(userId));
    await one.presence.renew(socket.connection);
    expect(await one.redis.hget(connectionKey(userId), 'connection')).toBe(socket.data.connectionId);
  });

  it('hears again after the host of its subscription vanished without a word', async () => {
    const way = await aWay();
    const three = await startProcess({ subscriberUrl: way.url });
    const socket = await arrive(three);
    await three.watch.look();
    const hint = (seq: number): void => one.presence.emit(userId, 'message:seen', { conversationId: 'c', seq });
    hint(1);
    await until(() => socket.sent.length === 2);
    way.vanish();
    hint(2);
    await sleep(200);
    expect(socket.sent).toHaveLength(2);
    await three.watch.look();
    for (let seq = 3; seq < 100 && socket.sent.length === 2; seq += 1) {
      hint(seq);
      await sleep(100);
    }
    expect(socket.sent.length).toBeGreaterThan(2);
    way.close();
  });
});

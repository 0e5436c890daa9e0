import { describe, expect, it } from 'vitest';
import { RateLimited } from '../errors/stoa-error.js';
import { Metrics } from '../metrics/metrics.js';
import type { Connection } from '../realtime/connection.types.js';
import { EventBuckets } from './event-buckets.js';
import { HandshakeLimits } from './handshake-limits.js';
import { RateLimiter } from './rate-limiter.js';
import { SocketLimiter } from './socket-limiter.js';

function aSetting({ rateLimits = true } = {}) {
  const clock = { now: 0, monotonicMs: () => clock.now };
  const addressOf = ({ address }: { address: string }) => address;
  const addresses = { blockOf: addressOf, digestOf: addressOf };
  const keys = { digest: (_: string, text: string) => text };
  const metrics = new Metrics();
  const shared = new RateLimiter(
    {} as never,
    { isHealthy: false } as never,
    { count: 1 } as never,
    clock as never,
    { warn: () => {} } as never,
    metrics,
  );
  const aProcess = () =>
    new HandshakeLimits({ rateLimits } as never, addresses as never, clock as never, shared, keys as never);
  const handshakes = aProcess();
  const audit = { tally: () => {} } as never;
  const limiter = new SocketLimiter(
    { rateLimits } as never,
    clock as never,
    handshakes,
    metrics,
    audit,
    new EventBuckets(),
  );
  return { clock, limiter, handshakes, aProcess };
}

function aConnection(userId: string, { connectionId = userId, address = '192.0.2.1' } = {}) {
  const closers: (() => void)[] = [];
  const connection = {
    data: { identity: { userId }, connectionId },
    request: { address },
    conn: { readyState: 'open', once: (_: string, close: () => void) => closers.push(close) },
    notices: [] as unknown[],
    closed: false,
    emit: (...notice: unknown[]) => connection.notices.push(notice),
    disconnect: () => void (connection.closed = true),
    hangUp: () => closers.splice(0).forEach((close) => close()),
  };
  return connection as typeof connection & Connection;
}

const passes = (work: () => void): boolean => {
  try {
    work();
    return true;
  } catch (error) {
    if (error instanceof RateLimited && (error.retryAfterMs ?? 0) > 0) return false;
    throw error;
  }
};
const count = (times: number, work: () => void): number =>
  Array.from({ length: times }, () => passes(work)).filter(Boolean).length;

/** The same for what waits for the shared buckets. */
const isLetIn = (admission: Promise<void>): Promise<boolean> =>
  admission.then(
    () => true,
    (error: unknown) =>
      passes(() => {
        throw error;
      }),
  );
const countLetIn = async (times: number, admit: () => Promise<void>): Promise<number> =>
  (await Promise.all(Array.from({ length: times }, () => isLetIn(admit())))).filter(Boolean).length;

describe('SocketLimiter', () => {
  it('lets ten messages pass at once, five a second, sixty a minute', () => {
    const { clock, limiter } = aSetting();
    const connection = aConnection('ada');
    const send = (): void => limiter.charge(connection, 'message:send');
    expect(count(12, send)).toBe(10);
    clock.now = 1_000;
    expect(count(10, send)).toBe(5);
    let passed = 15;
    for (clock.now = 2_000; clock.now <= 60_000; clock.now += 1_000) passed += count(6, send);
    expect(passed).toBeGreaterThan(100);
    expect(passed).toBeLessThanOrEqual(120);
  });

  it('counts by user and event: a flood of one touches neither another user nor another event', () => {
    const { limiter } = aSetting();
    const [ada, bob] = [aConnection('ada'), aConnection('bob')];
    expect(count(15, () => limiter.charge(ada, 'message:send'))).toBe(10);
    expect(count(5, () => limiter.charge(ada, 'typing:set'))).toBe(5);
    expect(count(10, () => limiter.charge(bob, 'message:send'))).toBe(10);
    const again = aConnection('ada', { connectionId: 'second' });
    expect(count(1, () => limiter.charge(again, 'message:send'))).toBe(0);
  });

  it('closes a socket that floods in three different seconds of a minute, after a notice', async () => {
    const { clock, limiter } = aSetting();
    const connection = aConnection('ada');
    for (let second = 0; second < 4; second += 1) {
      expect(connection.notices).toHaveLength(0);
      clock.now = second * 1_500;
      count(80, () => limiter.admit(connection));
    }
    await new Promise(setImmediate);
    expect(connection.notices[0]).toEqual(['server:notice', { code: 'RATE_LIMITED', message: expect.any(String) }]);
    expect(connection.closed).toBe(true);
  });

  it('closes at the 21st bad event of a minute, and keeps out for ten minutes who is closed three times', async () => {
    const { clock, limiter, handshakes } = aSetting();
    const strikesUntilClosed = (connection: Connection): number => {
      for (let i = 1; ; i += 1) if (limiter.strike(connection)) return i;
    };
    for (let i = 0; i < 3; i += 1) {
      const connection = aConnection('eve', { connectionId: `${i}` });
      await handshakes.admitUser(connection);
      expect(strikesUntilClosed(connection)).toBe(21);
    }
    expect(await isLetIn(handshakes.admitUser(aConnection('eve')))).toBe(false);
    expect(await isLetIn(handshakes.admitUser(aConnection('ada')))).toBe(true);
    clock.now = 599_000;
    expect(await isLetIn(handshakes.admitUser(aConnection('eve')))).toBe(false);
    clock.now = 600_000;
    expect(await isLetIn(handshakes.admitUser(aConnection('eve')))).toBe(true);
  });

  it('does nothing when limits are off', async () => {
    const { limiter, handshakes } = aSetting({ rateLimits: false });
    const connection = aConnection('ada');
    expect(count(500, () => limiter.charge(connection, 'search:start'))).toBe(500);
    expect(count(500, () => void limiter.strike(connection))).toBe(500);
    expect(await countLetIn(500, () => handshakes.admitAddress(connection))).toBe(500);
    expect(limiter.strike(connection)).toBe(false);
  });
});

describe('HandshakeLimits', () => {
  it('lets thirty handshakes of one address pass at once, and ten of one user', async () => {
    const { handshakes } = aSetting();
    expect(await countLetIn(40, () => handshakes.admitAddress(aConnection('ada')))).toBe(30);
    expect(await countLetIn(1, () => handshakes.admitAddress(aConnection('ada', { address: '192.0.2.9' })))).toBe(1);
    expect(await countLetIn(15, () => handshakes.admitUser(aConnection('bob', { address: '192.0.2.9' })))).toBe(10);
  });

  it('lets sixty upgrades of one address pass at once, whether or not they connect', () => {
    const { handshakes } = aSetting();
    const upgradeFrom = (address: string) => (): void => {
      const closers: (() => void)[] = [];
      handshakes.admitTransport({
        address,
        socket: { once: (_: string, close: () => void) => closers.push(close) },
      } as never);
      for (const close of closers) close();
    };
    expect(count(70, upgradeFrom('192.0.2.1'))).toBe(60);
    expect(count(1, upgradeFrom('192.0.2.2'))).toBe(1);
  });

  it('holds the number of open sockets of one address, also when they come at once', async () => {
    const { handshakes } = aSetting();
    const crowd = Array.from({ length: 30 }, (_, i) => aConnection(`user ${i}`));
    // All are let by as connects, then all are found to be somebody.
    for (const connection of crowd) await handshakes.admitAddress(connection);
    const letIn = await Promise.all(crowd.map((connection) => isLetIn(handshakes.admitUser(connection))));
    expect(letIn.filter(Boolean)).toHaveLength(20);
    const late = () => isLetIn(handshakes.admitUser(aConnection('late')));
    expect(await late()).toBe(false);
    crowd[letIn.indexOf(true)]?.hangUp();
    expect(await late()).toBe(true);
  });

  it('refuses the twenty-first socket of an address before anything is looked up', async () => {
    const { handshakes } = aSetting();
    const open = Array.from({ length: 20 }, (_, i) => aConnection(`user ${i}`));
    for (const connection of open) await handshakes.admitUser(connection);
    const late = () => isLetIn(handshakes.admitAddress(aConnection('late')));
    expect(await late()).toBe(false);
    open[0]?.hangUp();
    expect(await late()).toBe(true);
  });

  it('counts connects of a user and an address over all processes', async () => {
    const { aProcess } = aSetting();
    const processes = [aProcess(), aProcess(), aProcess()];
    const users = await Promise.all(
      processes.map((process) => countLetIn(10, () => process.admitUser(aConnection('ada')))),
    );
    expect(users.reduce((sum, passed) => sum + passed)).toBe(10);
    const addresses = await Promise.all(
      processes.map((process) => countLetIn(30, () => process.admitAddress(aConnection('bob')))),
    );
    expect(addresses.reduce((sum, passed) => sum + passed)).toBe(30);
  });

  it('keeps out everywhere who was closed on three processes, and nobody else', async () => {
    const { aProcess } = aSetting();
    const processes = [aProcess(), aProcess(), aProcess()];
    for (const process of processes) process.noteExpulsion('eve');
    await new Promise(setImmediate);
    expect(await isLetIn(aProcess().admitUser(aConnection('eve')))).toBe(false);
    expect(await isLetIn(aProcess().admitUser(aConnection('ada')))).toBe(true);
  });

  it('does not count as open whoever left while they waited', async () => {
    const { handshakes } = aSetting();
    for (let i = 0; i < 20; i += 1) {
      const gone = aConnection(`user ${i}`);
      Object.assign(gone.conn, { readyState: 'closed' });
      await handshakes.admitUser(gone);
    }
    expect(await isLetIn(handshakes.admitAddress(aConnection('late')))).toBe(true);
  });
});

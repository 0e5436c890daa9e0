import { describe, expect, it } from 'vitest';
import type { ClientEvent } from '../../contracts/socket-events.js';
import { RateLimited } from '../errors/stoa-error.js';
import { Metrics } from '../metrics/metrics.js';
import type { Connection } from '../realtime/connection.types.js';
import { HandshakeLimits } from './handshake-limits.js';
import { SocketLimiter } from './socket-limiter.js';

function aSetting({ rateLimits = true } = {}) {
  const clock = { now: 0, monotonicMs: () => clock.now };
  const addresses = { blockOf: ({ address }: { address: string }) => address, digestOf: () => 'digest' };
  const handshakes = new HandshakeLimits({ rateLimits } as never, addresses as never, clock as never);
  const limiter = new SocketLimiter({ rateLimits } as never, clock as never, handshakes, new Metrics());
  return { clock, limiter, handshakes };
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

describe('SocketLimiter', () => {
  it('lets ten messages pass at once, five a second, sixty a minute', () => {
    const { clock, limiter } = aSetting();
    const connection = aConnection('ada');
    const send = (): void => limiter.admit(connection, 'message:send');
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
    expect(count(15, () => limiter.admit(ada, 'message:send'))).toBe(10);
    expect(count(5, () => limiter.admit(ada, 'typing:set'))).toBe(5);
    expect(count(10, () => limiter.admit(bob, 'message:send'))).toBe(10);
    const again = aConnection('ada', { connectionId: 'second' });
    expect(count(1, () => limiter.admit(again, 'message:send'))).toBe(0);
  });

  it('closes a socket that floods in three different seconds of a minute, after a notice', async () => {
    const { clock, limiter } = aSetting();
    const connection = aConnection('ada');
    for (let second = 0; second < 4; second += 1) {
      expect(connection.notices).toHaveLength(0);
      clock.now = second * 1_500;
      count(80, () => limiter.admit(connection, undefined as ClientEvent | undefined));
    }
    await new Promise(setImmediate);
    expect(connection.notices[0]).toEqual(['server:notice', { code: 'RATE_LIMITED', message: expect.any(String) }]);
    expect(connection.closed).toBe(true);
  });

  it('closes at the 21st bad event of a minute, and keeps out for ten minutes who is closed three times', () => {
    const { clock, limiter, handshakes } = aSetting();
    const strikesUntilClosed = (connection: Connection): number => {
      for (let i = 1; ; i += 1) if (limiter.strike(connection)) return i;
    };
    for (let i = 0; i < 3; i += 1) {
      const connection = aConnection('eve', { connectionId: `${i}` });
      handshakes.admitUser(connection);
      expect(strikesUntilClosed(connection)).toBe(21);
    }
    expect(passes(() => handshakes.admitUser(aConnection('eve')))).toBe(false);
    expect(passes(() => handshakes.admitUser(aConnection('ada')))).toBe(true);
    clock.now = 599_000;
    expect(passes(() => handshakes.admitUser(aConnection('eve')))).toBe(false);
    clock.now = 600_000;
    expect(passes(() => handshakes.admitUser(aConnection('eve')))).toBe(true);
  });

  it('does nothing when limits are off', () => {
    const { limiter, handshakes } = aSetting({ rateLimits: false });
    const connection = aConnection('ada');
    expect(count(500, () => limiter.admit(connection, 'search:start'))).toBe(500);
    expect(count(500, () => void limiter.strike(connection))).toBe(500);
    expect(count(500, () => handshakes.admitAddress(connection))).toBe(500);
    expect(limiter.strike(connection)).toBe(false);
  });
});

describe('HandshakeLimits', () => {
  it('lets thirty handshakes of one address pass at once, and ten of one user', () => {
    const { handshakes } = aSetting();
    expect(count(40, () => handshakes.admitAddress(aConnection('ada')))).toBe(30);
    expect(count(1, () => handshakes.admitAddress(aConnection('ada', { address: '192.0.2.9' })))).toBe(1);
    expect(count(15, () => handshakes.admitUser(aConnection('bob', { address: '192.0.2.9' })))).toBe(10);
  });

  it('holds the number of open sockets of one address', () => {
    const { handshakes } = aSetting();
    const open = Array.from({ length: 20 }, (_, i) => aConnection(`user ${i}`));
    for (const connection of open) handshakes.admitUser(connection);
    const late = (): void => handshakes.admitAddress(aConnection('late'));
    expect(passes(late)).toBe(false);
    open[0]?.hangUp();
    expect(passes(late)).toBe(true);
  });

  it('does not count as open whoever left while they waited', () => {
    const { handshakes } = aSetting();
    for (let i = 0; i < 20; i += 1) {
      const gone = aConnection(`user ${i}`);
      Object.assign(gone.conn, { readyState: 'closed' });
      handshakes.admitUser(gone);
    }
    expect(passes(() => handshakes.admitAddress(aConnection('late')))).toBe(true);
  });
});

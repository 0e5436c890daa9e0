import { describe, expect, it } from 'vitest';
import type { Audit } from '../audit/audit.js';
import type { LoadMonitor } from '../health/load-monitor.js';
import type { Identity } from '../identity/identity.types.js';
import type { HandshakeLimits } from '../limiter/handshake-limits.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { currentContext } from '../request-context/request-context.js';
import type { Connection } from './connection.types.js';
import { RateLimited } from '../errors/stoa-error.js';
import { HandshakeGate } from './handshake-gate.js';

const IDENTITY: Identity = { userId: 'u', sessionId: 's', kind: 'guest' };

describe('HandshakeGate', () => {
  it('refuses whoever it was still verifying when the drain began: nobody would tell them of it', async () => {
    let verified: (identity: Identity) => void = () => undefined;
    const nothing = () => undefined;
    const gate = new HandshakeGate(
      { verify: () => new Promise<Identity>((resolve) => (verified = resolve)) },
      { admitHandshake: nothing } as unknown as LoadMonitor,
      new Log({ environment: 'test', logLevel: 'silent', rateLimits: false }),
      new Metrics(),
      { admitAddress: nothing, admitUser: nothing, digestOf: () => 'digest' } as unknown as HandshakeLimits,
      {} as Audit,
    );
    const connection = { client: {}, handshake: { headers: {}, auth: {} }, data: {} } as unknown as Connection;
    const outcomes: unknown[] = [];
    const decided = gate.authenticate(connection, (error) => void outcomes.push(error));
    await new Promise(setImmediate);
    gate.drain();
    verified(IDENTITY);
    await decided;
    expect(outcomes).toMatchObject([{ data: { code: 'DRAINING', retryable: true } }]);
  });

  it.each([
    ['address', 'admitAddress', undefined],
    ['address and the user', 'admitUser', 'u'],
  ])('notes in the audit trail whom a limit refused, by the %s', async (_, full, userId) => {
    const noted: unknown[] = [];
    const limits = {
      admitAddress: () => undefined,
      admitUser: () => undefined,
      digestOf: () => 'digest',
      [full]: () => {
        throw new RateLimited(1_000);
      },
    };
    const tally = (entry: object) =>
      noted.push({ ...entry, ipHash: currentContext()?.ipHash, userId: currentContext()?.userId });
    const gate = new HandshakeGate(
      { verify: () => Promise.resolve(IDENTITY) },
      { admitHandshake: () => undefined } as unknown as LoadMonitor,
      new Log({ environment: 'test', logLevel: 'silent', rateLimits: true }),
      new Metrics(),
      limits as unknown as HandshakeLimits,
      { tally } as unknown as Audit,
    );
    const connection = { client: {}, handshake: { headers: {}, auth: {} }, data: {} } as unknown as Connection;
    await gate.authenticate(connection, (error) => expect(error).toMatchObject({ data: { code: 'RATE_LIMITED' } }));
    expect(noted).toEqual([
      { event: 'limit.refuse', result: 'refused', reason: 'socket handshake', ipHash: 'digest', userId },
    ]);
  });
});

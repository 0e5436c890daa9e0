import { describe, expect, it } from 'vitest';
import type { Audit } from '../audit/audit.js';
import type { LoadMonitor } from '../health/load-monitor.js';
import type { Identity } from '../identity/identity.types.js';
import type { HandshakeLimits } from '../limiter/handshake-limits.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import type { Connection } from './connection.types.js';
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
      { admitAddress: nothing, admitUser: nothing } as unknown as HandshakeLimits,
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
});

import { describe, expect, it } from 'vitest';
import type { ConnectionData, RealtimeServer } from './connection.types.js';
import { Drain } from './drain.js';

/** Stands for a socket that remembers what was sent to it. */
function aConnection(data: Partial<ConnectionData> = {}) {
  const sent: [string, unknown][] = [];
  return { data, sent, emit: (event: string, payload: unknown) => sent.push([event, payload]), disconnect: () => {} };
}

describe('a drain', () => {
  it('tells everybody when to come back; whoever is being received, behind session:ready', async () => {
    const [ready, received] = [aConnection(), aConnection({ held: [] })];
    const sockets = new Map([ready, received].map((connection, i) => [i, connection]));
    const server = { sockets: { sockets }, engine: { clientsCount: 0 } } as unknown as RealtimeServer;
    const drained: string[] = [];
    const [readiness, gate] = ['readiness', 'gate'].map((name) => ({ drain: () => drained.push(name) }));
    await new Drain(readiness as never, gate as never, { settled: async () => {} } as never).run(server);
    const notice = ['server:draining', { reconnectInMs: expect.any(Number) }];
    expect(ready.sent).toEqual([notice]);
    expect([received.sent, received.data.held]).toEqual([[], [notice]]);
    expect(drained).toEqual(['readiness', 'gate']);
  });
});

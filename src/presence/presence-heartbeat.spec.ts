import { describe, expect, it, vi } from 'vitest';
import type { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Connection } from '../platform/realtime/connection.types.js';
import type { RedisEpoch } from '../platform/redis/redis-epoch.js';
import { ConnectionRegistry } from './connection-registry.js';
import { PresenceHeartbeat } from './presence-heartbeat.js';
import type { PresenceService } from './presence.service.js';

const aConnection = (userId: string): Connection => ({ data: { identity: { userId } } }) as unknown as Connection;
const turn = (): Promise<void> => new Promise(setImmediate);

/** A heartbeat over connections whose renewals the test lets through one by one. */
function aHeartbeat(count: number) {
  const registry = new ConnectionRegistry();
  const connections = Array.from({ length: count }, (_, i) => aConnection(`user${i}`));
  for (const connection of connections) registry.put(connection);
  const renewed: Connection[] = [];
  const waiting: ((answer?: Promise<never>) => void)[] = [];
  let rebuild: () => Promise<void> | void = () => undefined;
  let unsettled = (): void => undefined;
  const heartbeat = new PresenceHeartbeat(
    {
      renew: (connection: Connection) => {
        renewed.push(connection);
        return new Promise<void>((resolve) => waiting.push((answer) => resolve(answer)));
      },
      onUnsettled: (listener: () => void) => (unsettled = listener),
    } as unknown as PresenceService,
    registry,
    { debug: () => undefined } as unknown as Log,
    { onChange: (_: string, work: typeof rebuild) => (rebuild = work) } as unknown as RedisEpoch,
    new Metrics(),
  );
  const release = (): void => waiting.splice(0).forEach((letGo) => letGo());
  /** All but the first `passed`. */
  const refuse = (passed = 0): void =>
    waiting.splice(0).forEach((letGo, i) => letGo(i < passed ? undefined : Promise.reject(new Error('Redis is away'))));
  return {
    heartbeat,
    registry,
    connections,
    renewed,
    release,
    refuse,
    rebuild: () => rebuild(),
    unsettled: () => unsettled(),
  };
}

describe('PresenceHeartbeat', () => {
  it('after Redis was emptied renews all, also when a round that began before still runs', async () => {
    const { heartbeat, connections, renewed, release, rebuild } = aHeartbeat(3);
    void heartbeat.beat();
    expect(renewed).toHaveLength(3);
    const rebuilt = rebuild();
    release();
    await turn();
    expect(renewed.slice(3)).toEqual(connections);
    release();
    await rebuilt;
  });

  it('does not put back who went while the round ran', async () => {
    const { heartbeat, registry, connections, renewed, release } = aHeartbeat(250);
    const round = heartbeat.beat();
    expect(renewed).toHaveLength(200);
    registry.remove(connections[249] as Connection);
    release();
    await turn();
    expect(renewed).toHaveLength(249);
    release();
    await round;
  });

  it('tries again after a second, and not only with the next round, when Redis was away', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { heartbeat, renewed, release, refuse } = aHeartbeat(3);
      const round = heartbeat.beat();
      refuse();
      await round;
      vi.advanceTimersByTime(999);
      expect(renewed).toHaveLength(3);
      vi.advanceTimersByTime(1);
      expect(renewed).toHaveLength(6);
      release();
      await turn();
      vi.advanceTimersByTime(5_000);
      expect(renewed).toHaveLength(6);
    } finally {
      vi.useRealTimers();
    }
  });

  it('goes on behind those whom a part of Redis refused, and tries again after a second; ends where it refused all', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { heartbeat, connections, renewed, release, refuse } = aHeartbeat(650);
      const round = heartbeat.beat();
      refuse(1);
      await turn();
      expect(renewed).toHaveLength(400);
      refuse(199);
      await turn();
      expect(renewed).toHaveLength(600);
      refuse();
      await round;
      expect(renewed).toEqual(connections.slice(0, 600));
      vi.advanceTimersByTime(1_000);
      expect(renewed).toHaveLength(800);
      for (let i = 0; i < 4; i += 1) {
        release();
        await turn();
      }
      expect(renewed.slice(600)).toEqual(connections);
      vi.advanceTimersByTime(5_000);
      expect(renewed).toHaveLength(1_250);
    } finally {
      vi.useRealTimers();
    }
  });

  it('begins a round a second after a newcomer whom Redis refused, however many of them come', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { renewed, unsettled } = aHeartbeat(3);
      unsettled();
      vi.advanceTimersByTime(600);
      unsettled();
      expect(renewed).toHaveLength(0);
      vi.advanceTimersByTime(400);
      expect(renewed).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionService } from '../auth/session.service.js';
import { Log } from '../platform/logging/log.js';
import type { RedisEpoch } from '../platform/redis/redis-epoch.js';
import type { PresenceService } from '../presence/presence.service.js';
import { Beacon } from './beacon.js';
import type { GapFinder } from './gap-finder.js';
import type { GapHealer } from './gap-healer.js';

/** More than one query takes. */
const CROWD = 2_001;

const log = new Log({ environment: 'test', logLevel: 'silent', rateLimits: false });

interface Failing {
  find?: (userIds: string[]) => boolean;
  heal?: (userIds: string[]) => boolean;
  touch?: (sessionIds: string[]) => boolean;
}

/** A beacon over a crowd in which the first and the last lack something, and who was healed and kept signed in by one look. */
async function lookWith(failing: Failing): Promise<{ healed: string[]; touched: string[] }> {
  const told = { healed: [] as string[], touched: [] as string[] };
  const nameOf = (i: number): string => `user ${i}`;
  const lacking = new Set([nameOf(0), nameOf(CROWD - 1)]);
  const identities = Array.from({ length: CROWD }, (_, i) => ({ userId: nameOf(i), sessionId: nameOf(i) }));
  const presence = {
    localConnections: () => identities.map((identity) => ({ data: { identity } })),
    isLocal: () => true,
  };
  const finder = {
    find: async (userIds: string[]) => {
      if (failing.find?.(userIds)) throw new Error('find');
      return { incomplete: userIds.filter((id) => lacking.has(id)).map((userId) => ({ userId })), active: lacking };
    },
  };
  const healer = {
    heal: async (found: { userId: string }[]) => {
      const userIds = found.map(({ userId }) => userId);
      if (failing.heal?.(userIds)) throw new Error('heal');
      told.healed.push(...userIds);
    },
  };
  const sessions = {
    touch: async (ids: string[]) => {
      if (failing.touch?.(ids)) throw new Error('touch');
      told.touched.push(...ids);
    },
  };
  const beacon = new Beacon(
    presence as unknown as PresenceService,
    finder as unknown as GapFinder,
    healer as unknown as GapHealer,
    sessions as unknown as SessionService,
    { isHealthy: true } as RedisEpoch,
    log,
  );
  await beacon.look();
  return told;
}

const [first, last] = ['user 0', `user ${CROWD - 1}`];
const hasFirst = (ids: string[]): boolean => ids.includes(first);

describe('a look of the beacon', () => {
  it('gives everybody what they lack, and keeps who talks signed in', async () => {
    expect(await lookWith({})).toEqual({ healed: [first, last], touched: [first, last] });
  });

  it('goes on with the others where some cannot be looked up', async () => {
    expect(await lookWith({ find: hasFirst })).toEqual({ healed: [last], touched: [last] });
  });

  it('goes on with the others where some cannot be healed, and keeps all who talk signed in', async () => {
    expect(await lookWith({ heal: hasFirst })).toEqual({ healed: [last], touched: [first, last] });
  });

  it('goes on with the others where some cannot be kept signed in', async () => {
    expect(await lookWith({ touch: hasFirst })).toEqual({ healed: [first, last], touched: [last] });
  });
});

describe('a beacon whose looks take long', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** One whose looks take so long (ms), the n-th fails or not; when each began. */
  function aBeacon(takes: number, fails: (look: number) => boolean) {
    const begun: number[] = [];
    const finder = {
      find: async () => {
        const look = begun.push(Math.round(performance.now() / 1_000));
        await new Promise((resolve) => setTimeout(resolve, takes));
        if (fails(look)) throw new Error('find');
        return { incomplete: [], active: new Set() };
      },
    };
    const beacon = new Beacon(
      { localConnections: () => [{ data: { identity: {} } }] } as unknown as PresenceService,
      finder as unknown as GapFinder,
      {} as GapHealer,
      { touch: () => Promise.resolve() } as unknown as SessionService,
      { isHealthy: true } as RedisEpoch,
      log,
    );
    beacon.onApplicationBootstrap();
    return { begun, beacon, stop: () => beacon.beforeApplicationShutdown() };
  }

  it('looks again as soon as it is done, and never twice at once', async () => {
    const start = Math.round(performance.now() / 1_000);
    const { begun, stop } = aBeacon(4_200, () => false);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(begun.map((at) => at - start)).toEqual([4, 9, 14, 19]);
    const stopped = stop();
    await vi.advanceTimersByTimeAsync(5_000);
    await stopped;
  });

  it('shows how old its last whole look is', async () => {
    const { beacon, stop } = aBeacon(100, (look) => look === 2 || look === 3);
    await vi.advanceTimersByTimeAsync(4_200);
    expect(beacon.ageMs).toBeCloseTo(200, -2);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(beacon.ageMs).toBeCloseTo(8_200, -2);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(beacon.ageMs).toBeCloseTo(200, -2);
    await stop();
  });
});

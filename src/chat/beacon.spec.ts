import { describe, expect, it } from 'vitest';
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

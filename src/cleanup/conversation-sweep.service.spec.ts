import { expect, it } from 'vitest';
import type { Attendance } from '../chat/attendance.service.js';
import type { ConversationService } from '../chat/conversation.service.js';
import { Log } from '../platform/logging/log.js';
import type { RedisEpoch } from '../platform/redis/redis-epoch.js';
import type { PresenceService } from '../presence/presence.service.js';
import { ConversationSweep } from './conversation-sweep.service.js';

const log = new Log({ environment: 'test', logLevel: 'silent', rateLimits: false });

it('one sweep looks at everybody, however many steps that takes, and marks those without a connection', async () => {
  const members = Array.from({ length: 23_456 }, (_, i) => ({ userId: `${100_000 + i}`, generation: 1 }));
  const marked: string[] = [];
  const attendance = {
    membersHere: async (after: string | undefined, limit: number) =>
      members.filter(({ userId }) => userId > (after ?? '')).slice(0, limit),
    markAway: async ({ userId }: { userId: string }) => void marked.push(userId),
  };
  const isDead = (userId: string): boolean => userId.endsWith('55');
  const presence = { livePresence: async (ids: string[]) => new Map(ids.map((id) => [id, !isDead(id)])) };
  const conversations = { endAbandoned: async () => 0, endIdle: async () => 0 };
  const sweep = new ConversationSweep(
    conversations as unknown as ConversationService,
    attendance as unknown as Attendance,
    presence as unknown as PresenceService,
    { stableForMs: 60_000 } as RedisEpoch,
    log,
  );
  await sweep.run();
  expect(marked).toEqual(members.map(({ userId }) => userId).filter(isDead));
});

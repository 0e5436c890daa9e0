import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsKey, leasesKey, waitingKey } from '../../src/matching/shard.keys.js';
import { aSearch, eventually, partnersOf, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

const PEOPLE = 400;
const SHARD = 'all';

/** What a person did last, and was told. */
type Last = 'searching' | 'cancelled' | 'matched' | 'dropped' | 'not_searching' | 'failed';

let stage: MatchingStage;
let apis: MatchingProcess[];

beforeAll(async () => {
  stage = await startMatchingStage();
  apis = await Promise.all([stage.startProcess('api'), stage.startProcess('api')]);
  await Promise.all([stage.startProcess('worker'), stage.startProcess('worker')]);
});
afterAll(() => stage?.stop());

const anyOf = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)]!;
const chance = (share: number): boolean => Math.random() < share;
const reasonOf = (entry: PromiseSettledResult<unknown>): unknown =>
  entry.status === 'rejected' ? (entry.reason as { code?: string }).code : undefined;
const anyApi = () => anyOf(apis).searches;

/** Searches, changes their mind, comes back, is impatient: on whichever process the moment brings. */
async function wander(userId: string): Promise<Last> {
  await sleep(Math.random() * 200);
  let last: Last = 'not_searching';
  for (let step = 0; step < 4; step += 1) {
    const starts = Array.from({ length: chance(0.3) ? 2 : 1 }, () => anyApi().start(userId, aSearch()));
    const entries = await Promise.allSettled(starts);
    if (entries.some((entry) => entry.status === 'rejected'))
      return entries.map(reasonOf).includes('ALREADY_CHATTING') ? 'matched' : 'failed';
    last = 'searching';
    if (chance(0.5)) return last;
    await sleep(Math.random() * 60);
    if (chance(0.3)) {
      await anyApi().drop(userId);
      last = 'dropped';
      continue;
    }
    const replies = await Promise.all([anyApi().cancel(userId), ...(chance(0.2) ? [anyApi().cancel(userId)] : [])]);
    last = replies.find((reply) => reply !== 'not_searching') ?? 'not_searching';
    if (last === 'matched') return last;
  }
  return last;
}

describe('a crowd on two api processes and two workers', () => {
  it('pairs nobody twice, loses nobody, and nobody meets themselves', async () => {
    const [api] = apis as [MatchingProcess];
    const people = await stage.aCrowd(api.database, PEOPLE);
    const lasts = new Map(await Promise.all(people.map(async (id) => [id, await wander(id)] as const)));
    // Who met was told so while they were starting again: they talk. The others are paired down to one at most.
    // The two stores cannot be read at one moment: it is settled when nothing has moved between two looks.
    const look = async () => ({
      waiting: await api.redis.zcard(waitingKey(SHARD)),
      claims: await api.redis.zcard(claimsKey(SHARD)),
      partners: await partnersOf(api.database, people),
    });
    const settled = async () => {
      const before = await look();
      if (before.waiting > 1 || before.claims > 0) return false;
      await sleep(500);
      return isDeepStrictEqual(await look(), before) && before;
    };
    const { partners, waiting } = await eventually(settled, 15_000);

    const members = await api.database.query<{ user_id: string; count: string }>(
      'SELECT user_id, count(*) FROM conversation_members GROUP BY user_id HAVING count(*) > 1',
    );
    expect(members).toEqual([]);
    for (const [user, partner] of partners) {
      expect(partner).not.toBe(user);
      expect(partners.get(partner)).toBe(user);
    }
    const alone = people.filter((user) => !partners.has(user));
    const waitingAlone = [...(await api.searches.statusesOf(alone)).keys()];
    expect(waitingAlone.length).toBe(waiting);
    const lostOrGhost = alone.filter(
      (user) => lasts.get(user) === (waitingAlone.includes(user) ? 'cancelled' : 'searching'),
    );
    expect(lostOrGhost.map((user) => [user, lasts.get(user), waitingAlone.includes(user)])).toEqual([]);
    const whoWere = (last: Last) => people.filter((user) => lasts.get(user) === last);
    expect(whoWere('failed')).toEqual([]);
    expect(whoWere('matched').filter((user) => !partners.has(user))).toEqual([]);
    expect(whoWere('cancelled').filter((user) => partners.has(user))).toEqual([]);
    expect(await api.redis.zcard(leasesKey(SHARD))).toBe(waiting);
    expect((await api.redis.keys('stoa:{mm:*}:user:*')).length).toBe(waiting);
  });
});

import { Redis } from 'ioredis';
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leasesKey, waitingKey } from '../../src/matching/shard.keys.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person } from '../support/person.js';

const BOTS = 500;
/** Guests made at once. */
const BATCH = 50;
/** Longest that anybody may have a partner who is not there (s), and how long everything may take to settle. */
const GHOST_S = 20;

let deployment: Deployment;
let redis: Redis;
let client: pg.Client;

beforeAll(async () => {
  deployment = await deploy({ apis: 2, workers: 2, env: { RECONNECT_GRACE_MS: '2000' } });
  redis = new Redis(deployment.redisUrl);
  client = new pg.Client({ connectionString: deployment.databaseUrl });
  await client.connect();
});
afterAll(async () => {
  redis?.disconnect();
  await client?.end();
  await deployment?.stop();
});

async function bots(): Promise<Person[]> {
  const all: Person[] = [];
  while (all.length < BOTS) {
    const urlOf = (i: number): string => deployment.apis[i % 2]?.url ?? '';
    const batch = await Promise.all(Array.from({ length: BATCH }, (_, i) => Person.guest(urlOf(i))));
    await Promise.all(batch.map((person) => person.connect()));
    all.push(...batch);
  }
  return all;
}

/** Searches, and again whenever a conversation ends. */
async function persist(person: Person): Promise<void> {
  person.socket?.on('conversation:ended', () => void person.try('search:start', {}).catch(() => undefined));
  await person.ask('search:start', {});
}

/** Goes without a word within 50 ms of asking. */
async function vanish(person: Person, i: number): Promise<void> {
  person.try('search:start', {}).catch(() => undefined);
  await sleep((i * 7) % 50);
  person.disconnect();
}

async function overview(people: readonly string[], vanished: readonly string[]) {
  const { rows } = await client.query<{ talking: number; ghosts: number }>(
    `SELECT count(*) FILTER (WHERE user_id = ANY ($1))::int AS talking, count(*) FILTER (WHERE user_id = ANY ($2))::int AS ghosts
       FROM participations`,
    [people, vanished],
  );
  const waiting = await redis.zcard(waitingKey('all'));
  return { talking: 0, ghosts: 0, ...rows[0], waiting };
}

describe('500 who search at once, half of whom vanish within 50 ms', () => {
  it('leave no ghost for longer than 20 s, nobody twice, and nobody lost', { timeout: 120_000 }, async () => {
    const all = await bots();
    const faithful = all.filter((_, i) => i % 2 === 0 || i % 4 === 1).filter((_, i) => i % 3 !== 2);
    const vanishing = all.filter((person) => !faithful.includes(person));
    expect([faithful.length, vanishing.length]).toEqual([BOTS / 2, BOTS / 2]);
    const [people, vanished] = [faithful, vanishing].map((group) => group.map(({ userId }) => userId)) as [
      string[],
      string[],
    ];

    await Promise.all(all.map((person, i) => (faithful.includes(person) ? persist(person) : vanish(person, i))));
    const { rows: clock } = await client.query<{ now: Date }>('SELECT now()');
    const deadline = performance.now() + GHOST_S * 1_000;
    let seen = await overview(people, vanished);
    while (seen.ghosts > 0 || seen.waiting > 1 || seen.talking + seen.waiting < people.length) {
      if (performance.now() > deadline) throw new Error(`not settled: ${JSON.stringify(seen)}`);
      await sleep(250);
      seen = await overview(people, vanished);
    }
    expect(seen.talking + seen.waiting).toBe(BOTS / 2);
    // What waits is somebody's who is here: the searches of the vanished are gone too.
    expect(await redis.zcard(leasesKey('all'))).toBe(seen.waiting);

    const { rows: ghosts } = await client.query<{ count: number; longest: number }>(
      `SELECT count(*)::int, coalesce(extract(epoch FROM max(coalesce(c.ended_at, now()) - greatest(c.started_at, $2))), 0)::float8 AS longest
         FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
        WHERE m.user_id = ANY ($1)`,
      [vanished, clock[0]?.now],
    );
    expect(ghosts[0]?.count, 'some had met somebody that vanished').toBeGreaterThan(0);
    expect(ghosts[0]?.longest).toBeLessThan(GHOST_S);
    const { rows: doubles } = await client.query(
      `SELECT x.user_id FROM conversation_members x JOIN conversation_members y USING (user_id)
         JOIN conversations c ON c.id = x.conversation_id JOIN conversations d ON d.id = y.conversation_id
        WHERE x.conversation_id < y.conversation_id
          AND tstzrange(c.started_at, c.ended_at) && tstzrange(d.started_at, d.ended_at)`,
    );
    expect(doubles, 'nobody was in two conversations at a time').toEqual([]);
    const { rows: pairs } = await client.query<{ members: number }>(
      'SELECT count(DISTINCT user_id)::int AS members FROM participations GROUP BY conversation_id',
    );
    expect(pairs.every(({ members }) => members === 2)).toBe(true);

    // What Postgres says is what they see.
    const states = await Promise.all(faithful.map((person) => person.ask('session:state', {})));
    const stateOf = (name: string): number => states.filter(({ state }) => state === name).length;
    expect([stateOf('chatting'), stateOf('searching')]).toEqual([seen.talking, seen.waiting]);
  });
});

import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person } from '../support/person.js';

const CROWD = 200;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await deploy({ apis: 2, workers: 2, env: { RECONNECT_GRACE_MS: '2000' } });
});
afterAll(() => deployment.stop());

/** Asks again and again until this person talks. @returns the states that were answered on the way */
async function statesUntilChatting(person: Person): Promise<string[]> {
  const states: string[] = [];
  while (states.at(-1) !== 'chatting') {
    const { state } = await person.ask('session:state', {});
    if (states.at(-1) !== state) states.push(state);
  }
  return states;
}

describe('a crowd', () => {
  it('that asks all the time is never told that it is idle between search and conversation', async () => {
    const crowd = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        Person.guest(deployment.apis[i % 2]?.url ?? '', { interests: [`asking-${i >> 1}`] }),
      ),
    );
    await Promise.all(crowd.map((person) => person.connect()));
    const seen = await Promise.all(
      crowd.map(async (person, i) => {
        await sleep((i >> 1) * 20);
        await person.ask('search:start', {});
        return statesUntilChatting(person);
      }),
    );
    for (const person of crowd) person.disconnect();
    expect(seen.flat()).not.toContain('idle');
  }, 30_000);

  it('of 200 that search at once, some cancel and some vanish: nobody in two conversations, nobody lost, nobody with themselves', async () => {
    const crowd = await Promise.all(
      Array.from({ length: CROWD }, (_, i) =>
        Person.guest(deployment.apis[i % 2]?.url ?? '', { interests: [`tag-${i % 7}`] }),
      ),
    );
    await Promise.all(crowd.map((person) => person.connect()));
    const cancelling = crowd.filter((_, i) => i % 10 === 3);
    const vanishing = crowd.filter((_, i) => i % 10 === 7);
    const faithful = crowd.filter((person) => !cancelling.includes(person) && !vanishing.includes(person));

    await Promise.all(
      crowd.map(async (person, i) => {
        await sleep((i * 7) % 50);
        const started = person.try('search:start', {}).catch(() => undefined);
        if (vanishing.includes(person)) return void setTimeout(() => person.disconnect(), i % 40);
        await started;
        if (!cancelling.includes(person)) return;
        const answer = await person.try('search:cancel', {});
        if (answer.ok) expect(['idle', 'chatting']).toContain((answer.data as { state: string }).state);
        else expect(['NOT_SEARCHING']).toContain(answer.error.code);
      }),
    );

    // Whoever met someone that vanished is told within the grace, and searches on.
    const deadline = performance.now() + 20_000;
    for (;;) {
      const states = await Promise.all(faithful.map((person) => person.ask('session:state', {})));
      const idle = faithful.filter((_, i) => states[i]?.state === 'idle');
      const waiting = states.filter((state) => state.state === 'searching').length;
      await Promise.all(idle.map((person) => person.ask('search:start', {})));
      const away = states.some((state) => state.conversation?.presence.state === 'reconnecting');
      if (idle.length === 0 && waiting <= 1 && !away) break;
      if (performance.now() > deadline) throw new Error(`${idle.length} idle, ${waiting} waiting, away: ${away}`);
      await sleep(300);
    }

    const client = new pg.Client({ connectionString: deployment.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ members: number; people: number; ids: string[] }>(
      `SELECT count(*)::int AS members, count(DISTINCT user_id)::int AS people, array_agg(user_id::text) AS ids
         FROM participations GROUP BY conversation_id`,
    );
    const twice = await client.query('SELECT user_id FROM participations GROUP BY user_id HAVING count(*) > 1');
    const pairs = await client.query(
      `SELECT least(a.user_id, b.user_id), greatest(a.user_id, b.user_id) FROM conversation_members a
         JOIN conversation_members b ON a.conversation_id = b.conversation_id AND a.slot = 0 AND b.slot = 1
        GROUP BY 1, 2 HAVING count(*) > 1`,
    );
    await client.end();
    for (const row of rows) expect([row.members, row.people]).toEqual([2, 2]);
    expect(twice.rows).toEqual([]);
    expect(pairs.rows, 'nobody met the same person twice').toEqual([]);

    // Both of a pair see each other: what one says reaches the other and nobody else.
    const handles = await Promise.all(
      faithful.map(async (person) => (await person.ask('session:state', {})).conversation?.id),
    );
    const talking = faithful.filter((_, i) => handles[i]);
    expect(talking.length).toBeGreaterThanOrEqual(faithful.length - 1);
    await Promise.all(faithful.map(async (person, i) => handles[i] && person.say(handles[i], `from ${person.userId}`)));
    await sleep(500);
    for (const person of talking) {
      const mine = rows.find((row) => row.ids.includes(person.userId));
      const partner = mine?.ids.find((id) => id !== person.userId);
      const heard = person.all('message:new').map((message) => message.text);
      if (crowd.some((p) => p.userId === partner && talking.includes(p))) expect(heard).toContain(`from ${partner}`);
      expect(heard.every((text) => text === `from ${partner}`)).toBe(true);
    }
  }, 60_000);
});

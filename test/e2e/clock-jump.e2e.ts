import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

// The clock of one machine jumps ahead: what expires goes by the time of Postgres.

const JUMP_MS = 48 * 3_600_000;
/** Sweeps, the sessions' beacon and a run of retention have their turn within this (ms). */
const A_FEW_SWEEPS = 12_000;

/** Until what the fast clock put off is looked for (20 s), and then runs (30 s: a quarter of the retention), on a loaded machine (ms). */
const FOUND_WITHIN = 90_000;

let deployment: Deployment;
let database: pg.Client;

beforeAll(async () => {
  // Longer than a loaded machine takes for the first test; retention is looked for at the start, and every 30 s.
  const env = { MESSAGE_RETENTION_SECONDS: '120', RECONNECT_GRACE_MS: '90000' };
  deployment = await deploy({ apis: 1, env });
  database = new pg.Client({ connectionString: deployment.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await deployment?.stop();
});

async function jump(member: Member, byMs: number): Promise<void> {
  await member.stop();
  const preload = pathToFileURL('test/support/clock-ahead.mjs').href;
  Object.assign(member.env, { NODE_OPTIONS: `--import ${preload}`, CLOCK_AHEAD_MS: `${byMs}` });
  await member.start();
}

const countOf = async (table: string): Promise<number> =>
  (await database.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)).rows[0]?.count ?? 0;

it('two days ahead, nothing expires early: conversations, the grace, what was said, sessions, salts; and people still meet', async () => {
  const [api] = deployment.apis as [Member];
  const over = await meet([api.url]);
  await over.ada.say(over.adas, 'kept for two minutes');
  await over.ada.ask('conversation:leave', { conversationId: over.adas });
  const { ada, adas, bob, bobs } = await meet([api.url]);
  await ada.say(adas, 'before');
  await database.query(`INSERT INTO address_salts VALUES ((now() AT TIME ZONE 'UTC')::date - 1, '')`);
  for (const worker of deployment.workers) await jump(worker, JUMP_MS);
  await jump(api, JUMP_MS);
  for (const person of [over.ada, over.bob, ada, bob]) person.disconnect();
  const countAll = async (): Promise<number[]> => [
    await countOf('sessions'),
    await countOf('conversations'),
    await countOf('messages'),
    await countOf(`address_salts WHERE day <= (now() AT TIME ZONE 'UTC')::date`),
  ];
  const before = await countAll();
  expect(await ada.connect()).toMatchObject({ state: 'chatting' });
  // Bob is away, for less than the grace.
  await sleep(A_FEW_SWEEPS);
  expect(await countAll()).toEqual(before);
  expect(ada.all('conversation:ended')).toEqual([]);
  expect(ada.all('session:revoked')).toEqual([]);
  expect(await bob.connect()).toMatchObject({ state: 'chatting', lastSeq: 1 });
  await bob.say(bobs, 'after');
  expect((await over.ada.http('GET', '/me')).status).toBe(200);
  const later = await meet([api.url]);
  await later.ada.say(later.adas, 'and new ones meet');
  for (const person of [ada, bob, later.ada, later.bob]) person.disconnect();
}, 120_000);

it('and back by four days, what is due goes all the same: the next runs that the fast clock has put off are found', async () => {
  for (const member of [...deployment.workers, ...deployment.apis]) await jump(member, -JUMP_MS);
  await database.query(`UPDATE conversations SET delete_after = now() - interval '1 s' WHERE ended_at IS NOT NULL`);
  await expect.poll(() => countOf('conversations WHERE ended_at IS NOT NULL'), { timeout: FOUND_WITHIN }).toBe(0);
  const [api] = deployment.apis as [Member];
  const person = await Person.guest(api.url);
  expect((await person.connect()).state).toBe('idle');
  person.disconnect();
}, 180_000);

it('two days behind, whoever only asks by HTTP stays signed in', async () => {
  const [api] = deployment.apis as [Member];
  const person = await Person.guest(api.url);
  await database.query(
    `UPDATE sessions SET last_seen_at = now() - interval '2 min', expires_at = now() + interval '1 min'`,
  );
  expect((await person.http('GET', '/me')).status).toBe(200);
  await expect.poll(() => countOf(`sessions WHERE expires_at > now() + interval '1 hour'`)).toBe(1);
});

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

let deployment: Deployment;
let database: pg.Client;
let url: string;

beforeAll(async () => {
  deployment = await deploy({ apis: 1 });
  url = deployment.apis[0]?.url ?? '';
  database = new pg.Client({ connectionString: deployment.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await deployment?.stop();
});

const within = (ms: number) => ({ timeout: ms, interval: 50 });
const countOf = async (sql: string, ...parameters: unknown[]): Promise<number> =>
  (await database.query(sql, parameters)).rowCount ?? 0;
const mailsTo = (to: string): string[] =>
  readdirSync(deployment.mailDir)
    .filter((file) => file.includes(` ${to} `) && file.endsWith('.eml'))
    .map((file) => readFileSync(join(deployment.mailDir, file), 'utf8'));

/** The path of a link, as a client of this process asks it. */
const pathOf = (link: string): string => new URL(link).pathname.replace('/api/v1', '');

async function readyExport(person: Person) {
  expect((await person.http('POST', '/me/export')).body).toEqual({ status: 'accepted' });
  await vi.waitFor(
    async () => expect((await person.http('GET', '/me/export')).body.status).toBe('ready'),
    within(10_000),
  );
  return (await person.http('GET', '/me/export')).body;
}

describe('an export', () => {
  it('gives a guest everything about themselves, once, and nothing about who the partner is', async () => {
    const { ada, bob, adas, bobs } = await meet([url]);
    await ada.say(adas, 'hello from ada');
    await bob.say(bobs, 'hello from bob');
    expect((await ada.http('GET', '/me/export')).body).toEqual({ status: 'none' });
    const { link, expiresAt } = await readyExport(ada);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(600_000);
    expect((await bob.http('GET', pathOf(link))).status).toBe(404);
    const { status, body, text, headers } = await ada.http('GET', pathOf(link));
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toContain('attachment');
    expect(body.user).toMatchObject({ id: ada.userId, kind: 'guest', ageBand: '25-34' });
    expect(body.sessions).toHaveLength(1);
    expect(body.conversations[0].messages.map((m: { from: string; text: string }) => [m.from, m.text])).toEqual([
      ['you', 'hello from ada'],
      ['partner', 'hello from bob'],
    ]);
    for (const secret of [bob.userId, adas, bobs, ada.cookie.slice(13)]) expect(text).not.toContain(secret);
    expect((await ada.http('GET', pathOf(link))).status).toBe(404);
    expect((await ada.http('GET', '/me/export')).body.status).toBe('fetched');
    for (const person of [ada, bob]) person.disconnect();
  });

  it('comes to a member by mail only', async () => {
    const email = 'export@example.com';
    const password = 'correct horse battery staple';
    const person = new Person(url);
    await person.http('GET', '/csrf');
    await person.http('POST', '/registrations', { email, password });
    await vi.waitFor(() => expect(mailsTo(email)).toHaveLength(1), within(10_000));
    const token = /#token=([\w-]+)/.exec(mailsTo(email)[0] ?? '')?.[1];
    expect((await person.http('POST', '/registrations/confirm', { token })).status).toBe(200);
    expect(await readyExport(person)).not.toHaveProperty('link');
    await vi.waitFor(() => expect(mailsTo(email)).toHaveLength(2), within(10_000));
    const mail = mailsTo(email).find((text) => text.includes('/me/export/')) ?? '';
    const link = /http\S+\/me\/export\/[\w-]+/.exec(mail)?.[0] ?? '';
    const { body } = await person.http('GET', pathOf(link));
    expect(body.user).toMatchObject({ kind: 'member', email });
    expect(JSON.stringify(body)).not.toContain('argon2');
  });
});

describe('an erasure', () => {
  it('ends the sessions and the conversation at once, and leaves no row of the person', async () => {
    const { ada, bob } = await meet([url]);
    const elsewhere = new Person(url);
    Object.assign(elsewhere, { cookie: ada.cookie, csrfToken: ada.csrfToken });
    const answer = await ada.http('DELETE', '/me');
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ receipt: expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(answer.headers.get('clear-site-data')).toContain('cookies');
    expect((await elsewhere.http('GET', '/me')).status).toBe(401);
    await ada.next('session:revoked', { ms: 5_000 });
    expect(await bob.next('conversation:ended')).toMatchObject({ reason: 'partner_left' });
    const { receipt } = answer.body;
    await vi.waitFor(
      async () => expect(await countOf('SELECT FROM erasures WHERE id = $1 AND done_at IS NOT NULL', receipt)).toBe(1),
      within(10_000),
    );
    for (const [table, column] of [
      ['users', 'id'],
      ['sessions', 'user_id'],
      ['participations', 'user_id'],
      ['conversation_members', 'user_id'],
      ['erasures', 'user_id'],
    ])
      expect([table, await countOf(`SELECT FROM ${table} WHERE ${column} = $1`, ada.userId)]).toEqual([table, 0]);
    const { rows } = await database.query('SELECT row_to_json(a)::text AS row FROM audit_events a');
    expect(rows.some(({ row }) => row.includes(ada.userId))).toBe(false);
    expect(rows.filter(({ row }) => row.includes(receipt))).toHaveLength(2);
    bob.disconnect();
  });

  it('takes a search out of the pool: the next one to come meets nobody', async () => {
    const [ada, bob] = await Promise.all([0, 1].map(() => Person.guest(url, { interests: ['erasure'] })));
    await ada?.connect();
    await ada?.ask('search:start', {});
    const { receipt } = (await ada?.http('DELETE', '/me'))?.body ?? {};
    await vi.waitFor(
      async () => expect(await countOf('SELECT FROM erasures WHERE id = $1 AND done_at IS NOT NULL', receipt)).toBe(1),
      within(10_000),
    );
    await bob?.connect();
    await bob?.ask('search:start', {});
    await expect(bob?.next('conversation:started', { ms: 2_000 })).rejects.toThrow('no conversation:started');
    await bob?.ask('search:cancel', {});
    bob?.disconnect();
  });

  it('goes on after kill -9 of the worker, and each is done once', async () => {
    const people = await Promise.all(Array.from({ length: 40 }, () => Person.guest(url)));
    const [worker] = deployment.workers;
    await Promise.all(people.slice(0, 20).map((person) => person.http('DELETE', '/me')));
    worker?.signal('SIGKILL');
    await Promise.all(people.slice(20).map((person) => person.http('DELETE', '/me')));
    await worker?.start();
    const ids = people.map(({ userId }) => userId);
    await vi.waitFor(
      async () => expect(await countOf('SELECT FROM users WHERE id = ANY ($1::uuid[])', ids)).toBe(0),
      within(45_000),
    );
    expect(await countOf('SELECT FROM erasures WHERE done_at IS NULL')).toBe(0);
    const done = await database.query(
      `SELECT count(*)::int AS rows, count(DISTINCT target)::int AS targets FROM audit_events WHERE event = 'erasure.done'`,
    );
    expect(done.rows[0]).toEqual({ rows: 42, targets: 42 });
  });
});

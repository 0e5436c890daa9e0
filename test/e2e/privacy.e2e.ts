import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { KeyRing } from '../../src/platform/secrets/key-ring.js';
import { LOGS, SECRET_KEYS, deploy } from '../support/deployment.js';
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

const PASSWORD = 'correct horse battery staple';

/** Somebody who registered with that address, as `visitor` if they were one before, and confirmed it. */
async function aMember(email: string, visitor = new Person(url)): Promise<Person> {
  await visitor.http('GET', '/csrf');
  await visitor.http('POST', '/registrations', { email, password: PASSWORD });
  await vi.waitFor(() => expect(mailsTo(email)).toHaveLength(1), within(10_000));
  const token = /#token=([\w-]+)/.exec(mailsTo(email)[0] ?? '')?.[1];
  expect((await visitor.http('POST', '/registrations/confirm', { token })).status).toBe(200);
  return visitor;
}

async function erased(person: Person): Promise<void> {
  const { receipt } = (await person.http('DELETE', '/me')).body;
  await vi.waitFor(
    async () => expect(await countOf('SELECT FROM erasures WHERE id = $1 AND done_at IS NOT NULL', receipt)).toBe(1),
    within(10_000),
  );
}

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
    expect((await ada.http('HEAD', pathOf(link))).status).toBe(405);
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
    const person = await aMember(email);
    expect(await readyExport(person)).not.toHaveProperty('link');
    await vi.waitFor(() => expect(mailsTo(email)).toHaveLength(2), within(10_000));
    const mail = mailsTo(email).find((text) => text.includes('/me/export/')) ?? '';
    const link = /http\S+\/me\/export\/[\w-]+/.exec(mail)?.[0] ?? '';
    const { body } = await person.http('GET', pathOf(link));
    expect(body.user).toMatchObject({ kind: 'member', email });
    expect(JSON.stringify(body)).not.toContain('argon2');
  });

  it('is mailed also when its worker died before the mail, and the job is lost', async () => {
    const email = `unmailed-${Date.now()}@example.com`;
    const person = await aMember(email);
    await readyExport(person);
    await vi.waitFor(() => expect(mailsTo(email)).toHaveLength(2), within(10_000));
    const link = /http\S+\/me\/export\/([\w-]+)/;
    const [, token = ''] = mailsTo(email).flatMap((text) => link.exec(text) ?? []);
    const [kid = '', secret = ''] = SECRET_KEYS.split(':');
    const sealed = new KeyRing({ keys: [{ kid, secret }] } as never).seal('token', token);
    const { rowCount } = await database.query(
      `UPDATE exports SET token_sealed = $1, next_try_at = NULL, requested_at = now() - interval '6 s'
        WHERE user_id = (SELECT id FROM users WHERE email = $2) AND token_sealed IS NULL`,
      [sealed, email],
    );
    expect(rowCount).toBe(1);
    await vi.waitFor(() => expect(mailsTo(email)).toHaveLength(3), within(20_000));
    expect(mailsTo(email).filter((text) => text.includes(token))).toHaveLength(2);
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

  it('leaves nothing by which a member’s address leads to their trail, with the keys and this day’s salt in hand', async () => {
    const email = 'forgotten@example.com';
    await aMember(email, await Person.guest(url));
    const [{ auditId }] = (await database.query('SELECT audit_id AS "auditId" FROM users WHERE email = $1', [email]))
      .rows as [{ auditId: string }];
    const elsewhere = new Person(url);
    await elsewhere.http('GET', '/csrf');
    const signIn = (password: string) => elsewhere.http('POST', '/sessions', { email, password });
    expect((await signIn('not the password')).status).toBe(401);
    expect((await elsewhere.http('POST', '/password-resets', { email })).status).toBe(202);
    expect((await signIn(PASSWORD)).status).toBe(200);
    expect(await countOf('SELECT FROM auth_requests')).toBeGreaterThan(3);
    await erased(elsewhere);

    const [kid = '', secret = ''] = SECRET_KEYS.split(':');
    const digest = new KeyRing({ keys: [{ kid, secret }] } as never).digest('email', email);
    const { rows: salts } = await database.query<{ salt: Buffer }>('SELECT salt FROM address_salts');
    const ofToday = salts.map(({ salt }) =>
      createHmac('sha256', salt).update(`audit:${digest}`).digest('hex').slice(0, 32),
    );
    const { rows: trail } = await database.query<{ actor: string; target: string; request_id: string; row: string }>(
      'SELECT a.*, row_to_json(a)::text AS row FROM audit_events a',
    );
    expect(trail.filter(({ row }) => row.includes(digest) || row.includes(email))).toEqual([]);
    // What this day's salt still finds says nothing about whose it was: no actor, and no other row of that request has one.
    const found = trail.filter(({ target }) => ofToday.includes(target));
    expect(found.length).toBeGreaterThan(3);
    const requests = new Set(found.map((row) => row.request_id));
    expect(trail.filter((row) => requests.has(row.request_id) && row.actor === auditId)).toEqual([]);
    expect(trail.filter((row) => row.actor === auditId).length).toBeGreaterThan(2);
    expect(await countOf('SELECT FROM auth_requests WHERE email_digest = $1', digest)).toBe(0);
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
    expect(done.rows[0]).toEqual({ rows: 43, targets: 43 });
  });
});

/** Holds a statement up on its way in, so that it can be seen at work. @returns the ids in the comments of all that Postgres runs meanwhile */
async function idsAtWork(table: string, act: () => Promise<unknown>): Promise<string[]> {
  const locker = new pg.Client({ connectionString: deployment.databaseUrl });
  await locker.connect();
  await locker.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  const acting = act();
  const running = async (): Promise<string[]> => {
    const { rows } = await database.query<{ rid: string }>(
      `SELECT substring(query FROM 'rid=([0-9a-f-]{36})') AS rid FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%${table}%'`,
    );
    return rows.map(({ rid }) => rid);
  };
  const seen = await vi.waitFor(
    async () => {
      const ids = await running();
      expect(ids).not.toEqual([]);
      return ids;
    },
    { timeout: 5_000, interval: 20 },
  );
  await locker.query('ROLLBACK');
  await locker.end();
  await acting;
  return seen;
}

describe('one id joins a registration', () => {
  it.each(['at once', 'after its wake-up was lost'])(
    'to its log lines, its statements, its audit rows and its mail: %s',
    async (way) => {
      const email = `${way.replaceAll(' ', '-')}@example.com`;
      const [api, worker] = [deployment.apis[0], deployment.workers[0]];
      const person = new Person(url);
      await person.http('GET', '/csrf');
      if (way !== 'at once') await worker?.stop();
      let id = '';
      const seen = await idsAtWork('auth_requests', async () => {
        const answer = await person.http('POST', '/registrations', { email, password: PASSWORD });
        expect(answer.status).toBe(202);
        id = answer.headers.get('x-request-id') ?? '';
      });
      expect(id).toMatch(/^[\da-f-]{36}$/);
      expect(seen).toContain(id);
      if (way !== 'at once') {
        const redis = new Redis(deployment.redisUrl);
        await redis.flushall();
        redis.disconnect();
        await worker?.start();
      }
      await vi.waitFor(() => expect(mailsTo(email)).toHaveLength(1), within(30_000));
      const eventsOf = (name = ''): string[] =>
        readFileSync(`${LOGS}/${name}.log`, 'utf8')
          .split('\n')
          .filter((line) => line.includes(`"requestId":"${id}"`))
          .map((line) => (JSON.parse(line) as { event: string }).event);
      expect(eventsOf(api?.name)).toContain('auth.request_stored');
      await vi.waitFor(() => expect(eventsOf(worker?.name)).toContain('mail.sent'), within(5_000));
      const { rows } = await database.query('SELECT event FROM audit_events WHERE request_id = $1 ORDER BY at', [id]);
      expect(rows).toEqual([{ event: 'registration.ask' }, { event: 'token.give' }]);
    },
  );
});

import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SECRET_KEYS, deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';
import { redisContents } from '../support/redis-contents.js';

// Attack suite, row 34: what people type, and what proves who they are, is planted everywhere and then looked for everywhere.

const mark = (what: string): string => `canary-${what}-${randomUUID().slice(0, 8)}`;

/** What must be nowhere but in the columns that are made for it. */
const planted = {
  password: `${mark('password')} long`,
  wrongPassword: `${mark('wrong')} long`,
  newPassword: `${mark('new')} longer`,
  email: `${mark('email')}@example.com`,
  newEmail: `${mark('changed')}@example.com`,
  unknownEmail: `${mark('unknown')}@example.com`,
  userAgent: mark('agent'),
  text: mark('text'),
  refusedText: mark('refused'),
  nickname: mark('nick').slice(0, 20),
  note: mark('note'),
  badField: mark('field'),
  query: mark('query'),
  path: mark('path'),
  header: mark('header'),
  address: '203.0.113.77',
};
const found = new Map<string, string>(Object.entries(planted));

/** Columns in which a planted text is at home. */
const AT_HOME: Record<string, string[]> = {
  users: ['nickname', 'email', 'email_norm', 'interests'],
  conversation_members: ['nickname'],
  messages: ['text'],
  blocks: ['nickname'],
  reports: ['note', 'evidence', 'messages'],
};

let deployment: Deployment;

beforeAll(async () => {
  deployment = await deploy({
    apis: 1,
    env: { LOG_LEVEL: 'trace', RATE_LIMITS: 'on', TRUST_PROXY: 'loopback' },
  });
  found.set('secret key', SECRET_KEYS.split(':')[1] ?? '');
  found.set('database password', new URL(deployment.databaseUrl).password);
  await live(deployment.apis[0]?.url ?? '');
  // Sweeps, tallies and late jobs have their turn.
  await sleep(3_000);
}, 120_000);
afterAll(() => deployment?.stop());

async function mailedToken(kind: string): Promise<string> {
  const find = (): string | undefined => readdirSync(deployment.mailDir).find((file) => file.includes(` ${kind} `));
  await vi.waitFor(() => expect(find()).toBeDefined(), { timeout: 10_000, interval: 50 });
  const [, token = ''] = /#token=([\w-]+)/.exec(readFileSync(join(deployment.mailDir, find() ?? ''), 'utf8')) ?? [];
  found.set(`${kind} token`, token);
  return token;
}

/** The token of a guest's archive, which stands in the path of its link; used when it comes back. */
async function exportToken(guest: Person): Promise<string> {
  await guest.http('POST', '/me/export');
  const ask = async (): Promise<string> => {
    const { link } = (await guest.http('GET', '/me/export')).body;
    expect(link).toBeDefined();
    return link.split('/').at(-1);
  };
  const token = await vi.waitFor(ask, { timeout: 10_000, interval: 100 });
  expect((await guest.http('GET', `/me/export/${token}`)).status).toBe(200);
  return token;
}

/** A life with everything in it that a log could be tempted to keep. */
async function live(url: string): Promise<void> {
  const headers = { 'user-agent': planted.userAgent, 'x-forwarded-for': planted.address, 'x-odd': planted.header };
  const { ada, bob, adas, bobs } = await meet([url]);
  const ask = (person: Person, method: string, path: string, body?: unknown) =>
    person.http(method, path, body, headers);
  const keep = (person: Person, name: string): void => {
    found.set(`${name} session`, person.cookie.split('=')[1] ?? '');
    found.set(`${name} csrf`, person.csrfToken.split('.')[1] ?? '');
  };
  keep(ada, 'guest');
  for (const [name, { socket }] of Object.entries({ ada, bob })) found.set(`${name} socket`, socket?.id ?? '');
  await ask(ada, 'PATCH', '/me', { nickname: planted.nickname });
  await ada.say(adas, planted.text);
  await ada.try('message:send', { conversationId: adas, clientId: 'no', text: planted.refusedText });
  await ada.try(`odd:${planted.badField}`, { text: planted.refusedText });
  await bob.http('POST', `/conversations/${bobs}/reports`, { reason: 'other', note: planted.note, seqs: [1] });
  await ask(ada, 'GET', `/me?${planted.query}=${planted.query}`);
  await ask(ada, 'GET', `/${planted.path}`);
  await ask(ada, 'POST', '/guests', { adult: true, [planted.badField]: planted.badField });
  await ask(ada, 'POST', '/registrations', { email: planted.email, password: planted.password });
  await ask(ada, 'POST', '/registrations/confirm', { token: await mailedToken('confirm-registration') });
  keep(ada, 'member');
  await ask(ada, 'POST', '/registrations/confirm', { token: found.get('confirm-registration token') });
  await ask(ada, 'POST', '/email-changes', { email: planted.newEmail, password: planted.password });
  const changeToken = await mailedToken('confirm-email-change');
  expect((await ask(ada, 'POST', '/email-changes/confirm', { token: changeToken })).status).toBe(200);
  await ask(ada, 'POST', '/sessions', { email: planted.newEmail, password: planted.wrongPassword });
  await ask(ada, 'POST', '/sessions', { email: planted.unknownEmail, password: planted.wrongPassword });
  await ask(ada, 'POST', '/password-resets', { email: planted.newEmail });
  const token = await mailedToken('reset-password');
  await ask(ada, 'POST', '/password-resets/confirm', { token, password: planted.newPassword });
  found.set('export token', await exportToken(bob));
  await ask(bob, 'PATCH', '/me', { nickname: 'x', csrf: bob.csrfToken });
  keep(bob, 'partner');
  ada.disconnect();
  bob.disconnect();
}

/** A value as it is, and as a column of bytes shows it: the bytes of its letters, and those that a token stands for. */
const formsOf = (value: string): string[] => [
  value,
  Buffer.from(value).toString('hex'),
  ...(/^[\w-]{43}$/.test(value) ? [Buffer.from(value, 'base64url').toString('hex')] : []),
];

const namesIn = (text: string): string[] =>
  [...found].filter(([, value]) => formsOf(value).some((form) => text.includes(form))).map(([name]) => name);

describe('#34 nothing that was planted is found', () => {
  it('was planted, mailed and kept: the scan has something to look for', () => {
    expect([...found.keys()]).toEqual(
      expect.arrayContaining([
        ...['confirm-registration', 'reset-password', 'confirm-email-change', 'export'].map((kind) => `${kind} token`),
        'member session',
        'guest csrf',
        'ada socket',
        'secret key',
        'database password',
      ]),
    );
    expect([...found.values()].every((value) => value.length > 5)).toBe(true);
  });

  it('in the logs of any process, at their most talkative', () => {
    for (const { name } of [...deployment.apis, ...deployment.workers]) {
      const log = readFileSync(`.artifacts/logs/${name}.log`, 'utf8');
      expect(log.length).toBeGreaterThan(100);
      expect([name, namesIn(log)]).toEqual([name, []]);
    }
  });

  it('in what either process tells about itself', async () => {
    for (const member of [...deployment.apis, ...deployment.workers]) {
      const metrics = await member.metrics();
      expect(metrics).toContain('stoa_');
      expect([member.name, namesIn(metrics)]).toEqual([member.name, []]);
    }
  });

  it('in any key or value of Redis, jobs included', async () => {
    const contents = await redisContents(deployment.redisUrl);
    expect([...contents.keys()].some((key) => key.startsWith('{stoa:queue}'))).toBe(true);
    for (const [key, value] of contents) expect([key, namesIn(`${key} ${value}`)]).toEqual([key, []]);
  });

  it('in any column of Postgres that is not made for it', async () => {
    const client = new pg.Client({ connectionString: deployment.databaseUrl });
    await client.connect();
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    );
    const atHome = new Set<string>();
    let scanned = 0;
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: Record<string, unknown> }>(`SELECT to_jsonb(t) AS row FROM ${name} t`);
      for (const { row } of rows) {
        for (const column of AT_HOME[name] ?? []) {
          for (const kept of namesIn(JSON.stringify(row[column] ?? null))) atHome.add(kept);
          delete row[column];
        }
        expect([name, namesIn(JSON.stringify(row))]).toEqual([name, []]);
        scanned += 1;
      }
    }
    const bytes = await client.query(
      `SELECT to_jsonb(b) AS row FROM (SELECT convert_to(text, 'UTF8') FROM messages) b`,
    );
    await client.end();
    expect(scanned).toBeGreaterThan(30);
    // The scan sees: what has a home is found there.
    expect([...atHome]).toEqual(expect.arrayContaining(['newEmail', 'nickname', 'text', 'note']));
    expect(namesIn(JSON.stringify(bytes.rows))).toEqual(['text']);
  });
});

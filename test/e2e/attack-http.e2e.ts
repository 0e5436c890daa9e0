import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ORIGIN, deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person, aProfile, meet } from '../support/person.js';
import { residentMiB } from '../support/process-facts.js';
import { dial, readAnswer, sendRaw, timeToAnswer, timeUntilClosed } from '../support/raw-http.js';
import type { RawAnswer } from '../support/raw-http.js';

// The rows of security.md, section 3, that concern HTTP: a row a test, named by its number. Black box, over real processes.

const PASSWORD = 'correct horse battery staple';
const guest = { ...aProfile, adult: true };

let deployment: Deployment;
let url: string;
let database: pg.Client;

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

const anEmail = (): string => `user-${randomUUID()}@example.com`;

async function aVisitor(): Promise<Person> {
  const person = new Person(url);
  await person.http('GET', '/csrf');
  return person;
}

async function mailTo(to: string, kind: string): Promise<string> {
  const find = (): string | undefined =>
    readdirSync(deployment.mailDir).find((file) => file.includes(` ${kind} ${to} `));
  await vi.waitFor(() => expect(find()).toBeDefined(), { timeout: 10_000, interval: 50 });
  return readFileSync(join(deployment.mailDir, find() ?? ''), 'utf8');
}
const tokenIn = (mail: string): string => /#token=([\w-]+)/.exec(mail)?.[1] ?? '';

async function aMember(email = anEmail(), password = PASSWORD): Promise<{ person: Person; email: string; id: string }> {
  const person = await aVisitor();
  await person.http('POST', '/registrations', { email, password });
  const token = tokenIn(await mailTo(email, 'confirm-registration'));
  const { status, body } = await person.http('POST', '/registrations/confirm', { token });
  expect(status).toBe(200);
  return { person, email, id: body.user.id };
}

const isAudited = (event: string, requestId: string | null): Promise<void> =>
  vi.waitFor(async () => {
    const { rowCount } = await database.query('SELECT FROM audit_events WHERE event = $1 AND request_id = $2', [
      event,
      requestId,
    ]);
    expect(rowCount).toBe(1);
  });

/** A JSON POST as text, whole or not. */
const rawPost = (person: Person, path: string, body: string, headers = ''): string =>
  `POST /api/v1${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: ${ORIGIN}\r\nCookie: ${person.cookie}\r\n` +
  `X-CSRF-Token: ${person.csrfToken}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
  `${headers}\r\n${body}`;

function expectProblem({ head, body }: RawAnswer): void {
  const { requestId, code } = JSON.parse(body) as { requestId: string; code: string };
  expect(head).toContain(`X-Request-Id: ${requestId}`);
  expect([head.includes('Content-Type: application/problem+json'), code]).toEqual([true, 'INPUT_INVALID']);
}

describe('forgery', () => {
  it('#1 refuses a POST without CSRF token, and notes it', async () => {
    const person = await Person.guest(url);
    const answer = await person.http('PATCH', '/me', { nickname: 'x' }, { 'x-csrf-token': '' });
    expect([answer.status, answer.body.code]).toEqual([403, 'CSRF_INVALID']);
    await isAudited('csrf.refuse', answer.headers.get('x-request-id'));
  });

  it('#2 refuses the valid token of another session', async () => {
    const [one, other] = [await Person.guest(url), await Person.guest(url)];
    const answer = await one.http('PATCH', '/me', { nickname: 'x' }, { 'x-csrf-token': other.csrfToken });
    expect([answer.status, answer.body.code]).toEqual([403, 'CSRF_INVALID']);
  });

  it('#3 refuses a foreign origin, and notes it', async () => {
    const person = await Person.guest(url);
    const answer = await person.http('PATCH', '/me', { nickname: 'x' }, { origin: 'https://evil.example' });
    expect([answer.status, answer.body.code]).toEqual([403, 'ORIGIN_FORBIDDEN']);
    await isAudited('origin.refuse', answer.headers.get('x-request-id'));
    expect((await person.http('GET', '/me')).body.user.profile).not.toHaveProperty('nickname');
  });

  it('refuses sign-in without a pre-session (login CSRF), and the token of before a sign-in after it', async () => {
    const { email } = await aMember();
    const stranger = new Person(url);
    expect((await stranger.http('POST', '/sessions', { email, password: PASSWORD })).body.code).toBe('CSRF_INVALID');
    const person = await aVisitor();
    const { csrfToken } = person;
    expect((await person.http('POST', '/sessions', { email, password: PASSWORD })).status).toBe(200);
    const answer = await person.http('PATCH', '/me', { nickname: 'x' }, { 'x-csrf-token': csrfToken });
    expect(answer.body.code).toBe('CSRF_INVALID');
  });

  it('sends no CORS header at all, also for a preflight', async () => {
    const answer = await fetch(`${url}/api/v1/me`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'PATCH' },
    });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(answer.status).toBe(405);
  });
});

describe('accounts', () => {
  it('#9 answers unknown, wrong, suspended and unconfirmed with the same bytes', async () => {
    const { email } = await aMember();
    const suspended = await aMember();
    await database.query(`UPDATE users SET suspended_until = now() + interval '1 d' WHERE id = $1`, [suspended.id]);
    const unconfirmed = anEmail();
    const person = await aVisitor();
    await person.http('POST', '/registrations', { email: unconfirmed, password: PASSWORD });
    const answers = [];
    for (const body of [
      { email: anEmail(), password: PASSWORD },
      { email, password: 'not the password' },
      { email: suspended.email, password: PASSWORD },
      { email: unconfirmed, password: PASSWORD },
    ])
      answers.push(await person.http('POST', '/sessions', body));
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    const bytes = answers.map(({ text, body }) => text.replaceAll(body.requestId, ''));
    expect(new Set(bytes).size).toBe(1);
  });

  it('#10 answers the registration of a known and of a new address with the same bytes, and not before the floor', async () => {
    const { email } = await aMember();
    const person = await aVisitor();
    const answers = [];
    for (const address of [email, anEmail()]) {
      const startedAt = performance.now();
      answers.push(await person.http('POST', '/registrations', { email: address, password: PASSWORD }));
      expect(performance.now() - startedAt).toBeGreaterThan(395);
    }
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [202, '{"status":"accepted"}'],
      [202, '{"status":"accepted"}'],
    ]);
  });

  it('#11 refuses or takes odd passwords whole', async () => {
    const person = await aVisitor();
    const register = (password: string) => person.http('POST', '/registrations', { email: anEmail(), password });
    expect((await register('x'.repeat(1_000_000))).status).toBe(413);
    expect((await register('a'.repeat(129))).status).toBe(422);
    const signs = ['😀', '🎈', '🚀', '🌍', '🎸', '🍕', '🐙', '🌵', '🎲', '🧭', '🪁'];
    const emoji = Array.from({ length: 128 }, (_, i) => signs[(i * i + i) % 11]).join('');
    for (const password of [`nul \u0000 in the middle of it`, emoji]) {
      const { email } = await aMember(anEmail(), password);
      expect((await person.http('POST', '/sessions', { email, password })).status).toBe(200);
      await person.http('GET', '/csrf');
      const cut = [...password].slice(0, -1).join('');
      expect((await person.http('POST', '/sessions', { email, password: cut })).status).toBe(401);
    }
  });

  it('#12 lets a reset token be used once, also 20 times at once', async () => {
    const { email } = await aMember();
    const person = await aVisitor();
    await person.http('POST', '/password-resets', { email });
    const token = tokenIn(await mailTo(email, 'reset-password'));
    // On a loaded machine some wait too long for the hash.
    const confirm = (): ReturnType<Person['http']> =>
      person.httpPatiently('POST', '/password-resets/confirm', { token, password: 'another long phrase' });
    const answers = await Promise.all(Array.from({ length: 20 }, confirm));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body?.code === 'TOKEN_INVALID')).toHaveLength(19);
  });

  it('ends the sockets of every session within 5 s of a reset', async () => {
    const { email, person } = await aMember();
    await person.connect();
    await person.http('POST', '/password-resets', { email });
    const token = tokenIn(await mailTo(email, 'reset-password'));
    await (await aVisitor()).http('POST', '/password-resets/confirm', { token, password: 'another long phrase' });
    expect(await person.next('session:revoked', { ms: 5_000 })).toEqual({ reason: 'signed_out' });
  });

  it('#13 refuses a foreign Host, and builds links from the public origin', async () => {
    const { email } = await aMember();
    const person = await aVisitor();
    const body = JSON.stringify({ email });
    const evil = rawPost(person, '/password-resets', body).replace('Host: 127.0.0.1', 'Host: evil.example');
    const answer = await sendRaw(url, evil);
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([421, 'HOST_UNKNOWN']);
    // An orchestrator may ask by any name: the two probes, and nothing that only begins like them.
    const probe = (path: string) => sendRaw(url, `GET ${path} HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
    const paths = ['/health/live', '/health/ready', '/health/', '/health/none', '/health/live/x'];
    const statuses = await Promise.all(paths.map(async (path) => (await probe(path)).status));
    expect(statuses).toEqual([200, 200, 421, 421, 421]);
    const forwarded = { 'x-forwarded-host': 'evil.example' };
    expect((await person.http('POST', '/password-resets', { email }, forwarded)).status).toBe(202);
    const mail = await mailTo(email, 'reset-password');
    expect(mail).toContain(`${ORIGIN}/reset#token=`);
    expect(mail).not.toContain('evil');
  });

  it('#35 shows nobody the session, the export, the conversation or the block of another, and notes who asked', async () => {
    const [{ ada, bob, adas }, eve] = [await meet([url]), await Person.guest(url)];
    const [session] = (await ada.http('GET', '/sessions')).body.sessions;
    await ada.http('POST', '/me/export');
    const link = await vi.waitFor(async () => {
      const { body } = await ada.http('GET', '/me/export');
      expect(body.status).toBe('ready');
      return body.link as string;
    }, 10_000);
    await ada.http('POST', `/conversations/${adas}/block`);
    const [block] = (await ada.http('GET', '/blocks')).body.blocks;
    await eve.connect();
    const asked: [door: string, requestId: string | null][] = [];
    for (const [method, path, door] of [
      ['DELETE', `/sessions/${session.id}`, '/sessions/:id'],
      ['GET', `/me/export/${link.split('/').at(-1)}`, '/me/export/:token'],
      ['GET', `/conversations/${adas}/messages`, '/conversations/:id/messages'],
      ['POST', `/conversations/${adas}/block`, '/conversations/:id/block'],
      ['DELETE', `/blocks/${block.id}`, '/blocks/:id'],
    ] as const) {
      const answer = await eve.http(method, path);
      expect([path, answer.status, answer.body.code]).toEqual([path, 404, 'NOT_FOUND']);
      asked.push([`${method} /api/v1${door}`, answer.headers.get('x-request-id')]);
    }
    for (const [event, rest] of [
      ['message:send', { clientId: randomUUID(), text: 'hello' }],
      ['conversation:sync', { after: 0 }],
      ['conversation:leave', { next: false }],
    ] as const) {
      const answer = await eve.try(event, { conversationId: adas, ...rest });
      expect([event, answer]).toMatchObject([event, { ok: false, error: { code: 'NOT_FOUND' } }]);
      asked.push([event, answer.ok ? null : answer.error.requestId]);
    }
    for (const [door, requestId] of asked)
      await vi.waitFor(async () => {
        const { rows } = await database.query(
          `SELECT event, target, result, reason, actor = (SELECT audit_id::text FROM users WHERE id = $2) AS eves
             FROM audit_events WHERE request_id = $1`,
          [requestId, eve.userId],
        );
        expect(rows).toEqual([
          { event: 'access.refuse', target: door, result: 'refused', reason: 'NOT_FOUND', eves: true },
        ]);
      });
    expect((await ada.http('GET', '/me')).status).toBe(200);
    expect((await ada.http('GET', new URL(link).pathname.replace('/api/v1', ''))).status).toBe(200);
    expect((await ada.http('GET', '/blocks')).body.blocks).toHaveLength(1);
    for (const person of [ada, bob, eve]) person.disconnect();
  });
});

describe('bodies', () => {
  it('#15 refuses bodies of 17 KiB and 10 MB, and closes the connection', async () => {
    const person = await aVisitor();
    for (const length of [17 * 1_024, 10_000_000]) {
      const socket = dial(url);
      socket.write(rawPost(person, '/guests', `{"nickname":"${'x'.repeat(length)}"}`));
      const { status, head, body } = await readAnswer(socket);
      expect(status).toBe(413);
      expect(head).toMatch(/^connection: close/im);
      expect(head).toMatch(/^content-type: application\/problem\+json/im);
      expect(JSON.parse(body).code).toBe('BODY_TOO_LARGE');
    }
  });

  it('#16 refuses a packed body, however small', async () => {
    const person = await aVisitor();
    const bomb = gzipSync(Buffer.alloc(10_000_000));
    const answer = await fetch(`${url}/api/v1/guests`, {
      method: 'POST',
      body: bomb.subarray(0, 10_000),
      headers: {
        origin: ORIGIN,
        cookie: person.cookie,
        'x-csrf-token': person.csrfToken,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
      },
    });
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ code: 'MEDIA_TYPE_UNSUPPORTED' });
  });

  it.each([
    ['half an object', '{"adult":'],
    ['nothing but a brace', '}'],
    ['depth 8,000', '['.repeat(8_000) + ']'.repeat(8_000)],
    ['depth 10 of objects', '{"a":'.repeat(10) + '1' + '}'.repeat(10)],
    ['a text', '"adult"'],
    ['two values', '{} {}'],
    ['a byte order mark', `\uFEFF${JSON.stringify(guest)}`],
    ['a duplicated key', JSON.stringify(guest).replace('{', '{"adult":false,')],
    ['a duplicated key, escaped', JSON.stringify(guest).replace('{', '{"\\u0061dult":false,')],
    ['__proto__', '{"__proto__":{"adult":true}}'],
    ['a nested constructor', '{"seeks":{"constructor":{"prototype":{}}}}'],
    ['60 keys', JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`k${i}`, i])))],
  ])('#17 refuses %s quickly', async (_, body) => {
    const person = await aVisitor();
    const startedAt = performance.now();
    const answer = await sendRaw(url, rawPost(person, '/guests', body), 150);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    // The machine is others' too: the quickest of five tells what the work takes.
    const times: number[] = [];
    for (let i = 0; i < 5; i += 1) times.push(await timeToAnswer(url, rawPost(person, '/guests', body)));
    expect(Math.min(...times)).toBeLessThan(50);
    expect([400, 422]).toContain(answer.status);
    expect(['JSON_INVALID', 'INPUT_INVALID']).toContain(JSON.parse(answer.body).code);
  });

  it('#18 refuses a property that is not in the contract', async () => {
    const person = await aVisitor();
    const answer = await person.http('POST', '/guests', { ...guest, role: 'admin' });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ code: 'INPUT_INVALID', errors: [{ field: 'role', code: 'unknown' }] });
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data', 'application/jsonp', ''])(
    '#19 refuses a body of type %j',
    async (type) => {
      const person = await aVisitor();
      const body = 'adult=true';
      const request = rawPost(person, '/guests', body).replace(
        'Content-Type: application/json\r\n',
        type ? `Content-Type: ${type}\r\n` : '',
      );
      expect((await sendRaw(url, request)).status).toBe(415);
    },
  );

  it('refuses endless headers and methods that nobody serves, and never says what it runs on', async () => {
    const get = (rest: string) => `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n${rest}\r\n`;
    const tooLong = await sendRaw(url, get(`X-Long: ${'x'.repeat(9_000)}\r\n`));
    expect(tooLong.status).toBe(431);
    expectProblem(tooLong);
    expect((await sendRaw(url, get('').replace('GET', 'TRACE'))).status).toBe(405);
    const answer = await sendRaw(url, get(''));
    expect(answer.status).toBe(200);
    expect(answer.head).not.toMatch(/^(x-powered-by|server):/im);
  });
});

describe('what fails below the routes', () => {
  it.each([
    ['nonsense', 'NONSENSE\r\n\r\n'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
  ])('answers %s with a problem and a request id', async (_, request) => {
    const answer = await sendRaw(url, request);
    expect(answer.status).toBe(400);
    expectProblem(answer);
  });

  it('refuses a request without a host as one for a foreign host', async () => {
    const { status, body } = await sendRaw(url, 'GET / HTTP/1.1\r\n\r\n');
    expect([status, JSON.parse(body).code]).toEqual([421, 'HOST_UNKNOWN']);
  });

  it('tells nothing of files outside of the client: a raw path that climbs is answered as any that is not there', async () => {
    const ask = async (method: string, path: string) => {
      const { status, head } = await sendRaw(url, `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
      return [status, /^content-security-policy: .*$/im.exec(head)?.[0]];
    };
    for (const method of ['GET', 'POST']) {
      const missing = await ask(method, '/no-such-file');
      expect(missing[0]).toBe(404);
      for (const path of ['/../../package.json', '/assets/../../../package.json', `/..${'/..'.repeat(20)}/etc/passwd`])
        expect([path, await ask(method, path)]).toEqual([path, missing]);
    }
  });

  it('ignores other upgrades and expectations', async () => {
    for (const line of ['Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c', 'Expect: miracles'])
      expect((await sendRaw(url, `GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n${line}\r\n\r\n`)).status).toBe(200);
  });
});

describe('slowness', () => {
  it('#20 closes whoever dawdles, while others are served', { timeout: 90_000 }, async () => {
    const person = await aVisitor();
    // Resumed: who does not read hears of no end.
    const idle = Array.from({ length: 500 }, () => dial(url).resume());
    const slow = Promise.all([
      timeUntilClosed(url, 'GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n', 'X-A: b\r\n', 30_000),
      timeUntilClosed(url, rawPost(person, '/guests', 'x'.repeat(1_000)).slice(0, -1_000), '{"a":1}', 40_000),
    ]);
    const times: number[] = [];
    for (let i = 0; i < 100; i += 1) {
      const startedAt = performance.now();
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      times.push(performance.now() - startedAt);
    }
    expect(times.toSorted((a, b) => a - b)[98]).toBeLessThan(500);
    const [headers, body] = await slow;
    expect(headers).toBeLessThan(13_000);
    expect(body).toBeLessThan(18_000);
    expect(idle.filter((socket) => !socket.closed)).toEqual([]);
  });
});

describe('asking without reading', () => {
  it('#20 ends the connection: memory stays flat, and others are served', { timeout: 60_000 }, async () => {
    const page = await (await fetch(`${url}/`)).text();
    const asset = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? '';
    const api = deployment.apis[0] as Member;
    const before = residentMiB(api);
    const closed: boolean[] = [];
    for (let i = 0; i < 5; i += 1) {
      const socket = dial(url);
      socket.once('close', () => closed.push(true));
      socket.write(`GET ${asset} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`.repeat(900));
    }
    const times: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      const startedAt = performance.now();
      expect((await fetch(`${url}/health/live`)).status).toBe(200);
      times.push(performance.now() - startedAt);
    }
    expect(residentMiB(api) - before).toBeLessThan(100);
    // Node reads what came in one piece to its end, whatever is made of it.
    expect(Math.max(...times)).toBeLessThan(1_500);
    expect(times.toSorted((a, b) => a - b)[18]).toBeLessThan(500);
    await vi.waitFor(() => expect(closed).toHaveLength(5));
  });
});

describe('limits', () => {
  let limited: Deployment;
  let there: string;

  beforeAll(async () => {
    limited = await deploy({ apis: 1, workers: 0, env: { RATE_LIMITS: 'on' } });
    there = limited.apis[0]?.url ?? '';
  });
  afterAll(() => limited?.stop());

  it('#20 hold 200 connections of an address, and leave room for every other', { timeout: 60_000 }, async () => {
    const opened = await Promise.all(
      Array.from({ length: 260 }, async () => {
        const socket = dial(there);
        const refusal = await Promise.race([readAnswer(socket, 60_000), sleep(2_000, undefined)]);
        return { socket, refusal };
      }),
    );
    const refused = opened.flatMap(({ refusal }) => refusal ?? []);
    expect(refused.length).toBeGreaterThanOrEqual(60);
    for (const { status, head, body } of refused) {
      expect([status, JSON.parse(body).code]).toEqual([429, 'RATE_LIMITED']);
      expect(head).toMatch(/^retry-after: 10$/im);
    }
    const [one] = opened.filter(({ refusal }) => refusal === undefined);
    // From another address of the same machine.
    const neighbour = connect({ host: '127.0.0.1', port: Number(new URL(there).port), localAddress: '127.0.0.2' });
    neighbour.write('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect((await readAnswer(neighbour, 500)).status).toBe(200);
    // What was let in is served, and what is closed makes room.
    one?.socket.write('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect((await readAnswer(one?.socket as Socket, 500)).status).toBe(200);
    for (const { socket } of opened) socket.destroy();
    await vi.waitFor(async () => expect((await fetch(`${there}/health/live`)).status).toBe(200));
  });

  it('#14 hold against a thousand forged X-Forwarded-For', { timeout: 60_000 }, async () => {
    const startedAt = performance.now();
    const statuses: number[] = [];
    for (let i = 0; i < 1_000; i += 20) {
      const batch = Array.from({ length: 20 }, async (_, j) => {
        const headers = { 'x-forwarded-for': `203.0.${i >> 8}.${(i + j) & 255}` };
        const answer = await fetch(`${there}/api/v1/csrf`, { headers });
        await answer.arrayBuffer();
        return answer.status;
      });
      statuses.push(...(await Promise.all(batch)));
    }
    // Of all routes together: sixty at once, and one more every 200 ms.
    const most = 60 + Math.ceil((performance.now() - startedAt) / 200);
    const passed = statuses.filter((status) => status === 200).length;
    expect(passed).toBeGreaterThanOrEqual(60);
    expect(passed).toBeLessThanOrEqual(most);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1_000 - passed);
  });

  it('hold an address at what it may ask at all, files and paths that are none as well, and no other', async () => {
    const startedAt = performance.now();
    const ask = async (i: number) => {
      const answer = await fetch(`${there}${i % 2 ? '/no-such-path' : '/'}`);
      await answer.arrayBuffer();
      return answer;
    };
    const answers = await Promise.all(Array.from({ length: 180 }, (_, i) => ask(i)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(180 - refused.length).toBeLessThanOrEqual(120 + Math.ceil((performance.now() - startedAt) / 100));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    const neighbour = connect({ host: '127.0.0.1', port: Number(new URL(there).port), localAddress: '127.0.0.3' });
    neighbour.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect((await readAnswer(neighbour, 500)).status).toBe(200);
    expect((await fetch(`${there}/health/live`)).status).toBe(200);
  });
});

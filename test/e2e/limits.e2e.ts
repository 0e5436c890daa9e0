import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Ack } from '../../src/contracts/socket-events.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';
import { RawSocket } from '../support/raw-socket.js';

// Limits of sockets, proven by tripping them, over the contract. Those of HTTP: attack-http.e2e.ts and http-limits.int.ts.

let deployment: Deployment;
let url: string;

beforeAll(async () => {
  deployment = await deploy({ apis: 1, env: { RATE_LIMITS: 'on' } });
  url = deployment.apis[0]?.url ?? '';
});
afterAll(() => deployment?.stop());

const codeOf = (ack: Ack<unknown>): string => (ack.ok ? 'ok' : ack.error.code);
/** Sends more than anybody types until it is closed for that. */
async function floodFrom(socket: RawSocket): Promise<void> {
  for (let i = 0; i < 5_000 && socket.closeCode === undefined; i += 1) socket.send('40/admin,');
  await socket.untilClosed();
  expect(socket.frames.find((frame) => frame.startsWith('42["server:notice"'))).toContain('RATE_LIMITED');
}
const closing = (person: Person): Promise<unknown> =>
  new Promise((resolve) => person.socket?.once('disconnect', resolve));

describe('limits of sockets', () => {
  it('#27 refuse the eleventh message at once, keep the order of the others, and leave the partner alone', async () => {
    const { ada, bob, adas, bobs } = await meet([url]);
    const send = (i: number) =>
      ada.try('message:send', { conversationId: adas, clientId: randomUUID(), text: `message ${i}` });
    const answers = await Promise.all(Array.from({ length: 14 }, (_, i) => send(i)));
    expect(answers.map(codeOf)).toEqual([...Array(10).fill('ok'), ...Array(4).fill('RATE_LIMITED')]);
    for (const answer of answers.slice(10))
      expect(answer).toMatchObject({ ok: false, error: { retryable: true, retryAfterMs: expect.any(Number) } });
    expect((await bob.say(bobs, 'still here')).seq).toBe(11);
    const { messages } = await bob.ask('conversation:sync', { conversationId: bobs, after: 0 });
    expect(messages.slice(0, 10).map(({ text }) => text)).toEqual(Array.from({ length: 10 }, (_, i) => `message ${i}`));
    for (const person of [ada, bob]) person.disconnect();
  });

  it('#27 answer what is over thirty events a second, every one', async () => {
    const person = await Person.guest(url);
    await person.connect();
    const answers = await Promise.all(Array.from({ length: 45 }, () => person.try('session:state', {})));
    const codes = answers.map(codeOf);
    expect(codes.filter((code) => code === 'ok')).toHaveLength(20);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(25);
    expect(person.socket?.connected).toBe(true);
    person.disconnect();
  });

  it('#25 answer unknown events, and close at the 21st in a minute', async () => {
    const person = await Person.guest(url);
    await person.connect();
    const closed = closing(person);
    const answers = [];
    for (let i = 0; i < 20; i += 1) answers.push(codeOf(await person.try('no:such', {})));
    expect(new Set(answers)).toEqual(new Set(['EVENT_UNKNOWN']));
    person.socket?.emit('no:such' as never, {}, () => {});
    await closed;
    expect(await person.next('server:notice')).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('let a user connect ten times a minute', async () => {
    const person = await Person.guest(url);
    for (let i = 0; i < 10; i += 1) {
      await person.connect();
      person.disconnect();
    }
    await expect(person.connect()).rejects.toMatchObject({
      message: 'RATE_LIMITED',
      data: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: expect.any(Number) },
    });
  });

  it.each([
    ['typing:set', 5, (conversationId: string) => ({ conversationId, typing: true })],
    ['conversation:sync', 10, (conversationId: string) => ({ conversationId, after: 0 })],
    ['search:start', 10, () => ({})],
  ] as const)(
    'let %s pass %i times at once, and touch nobody else behind the same address',
    async (event, most, payload) => {
      const { ada, bob, adas, bobs } = await meet([url]);
      const answers = await Promise.all(Array.from({ length: most + 5 }, () => ada.try(event, payload(adas))));
      const refused = answers.map(codeOf).filter((code) => code === 'RATE_LIMITED');
      // One more may pass while they arrive; one search was spent to meet.
      expect(refused.length).toBeGreaterThanOrEqual(4);
      expect(refused.length).toBeLessThanOrEqual(6);
      expect(codeOf(await bob.try(event, payload(bobs)))).not.toBe('RATE_LIMITED');
      expect((await ada.say(adas, 'other events go on')).seq).toBe(1);
      for (const person of [ada, bob]) person.disconnect();
    },
  );

  it('warn and close whoever floods for seconds, and nobody else', { timeout: 30_000 }, async () => {
    const { ada, bob, bobs } = await meet([url]);
    for (let second = 0; second < 10; second += 1) {
      if (!ada.socket?.connected) break;
      for (let i = 0; i < 60; i += 1) ada.socket.emit('session:state', {}, () => {});
      await sleep(1_050);
    }
    expect(ada.socket?.connected).toBe(false);
    expect(await ada.next('server:notice')).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await bob.say(bobs, 'untouched')).seq).toBe(1);
    bob.disconnect();
  });

  it('close events without acknowledgement at the 21st in a minute', async () => {
    const person = await Person.guest(url);
    await person.connect();
    const closed = closing(person);
    for (let i = 0; i < 21; i += 1) person.socket?.emit('session:state', {});
    await closed;
    expect(await person.next('server:notice')).toMatchObject({ code: 'RATE_LIMITED' });
  });

  it('answer names that every object knows as unknown', async () => {
    const person = await Person.guest(url);
    await person.connect();
    for (const name of ['toString', 'constructor', '__proto__', 'hasOwnProperty'])
      expect(codeOf(await person.try(name, {}))).toBe('EVENT_UNKNOWN');
    person.disconnect();
  });

  it.each([
    ['to other namespaces', '40/admin,'],
    ['of 30 KiB', `43[${'0,'.repeat(15_000)}0]`],
    // Seven of them are a burst by characters.
    ['of 27,000 bytes, two in a character', `43["${'é'.repeat(13_500)}"]`, 14],
  ])('close a transport that floods with packets %s, and leave the others', async (_, packet, most = 5_000) => {
    const { ada, bob, adas } = await meet([url]);
    const person = await Person.guest(url);
    const flood = await RawSocket.connect(url, person);
    for (let i = 0; i < most && flood.closeCode === undefined; i += 1) flood.send(packet);
    await flood.untilClosed(5_000);
    expect(await flood.until((frame) => frame.startsWith('42["server:notice"'))).toContain('RATE_LIMITED');
    expect((await ada.say(adas, 'untouched')).seq).toBe(1);
    for (const one of [ada, bob]) one.disconnect();
  });
});

describe('limits of an address', () => {
  let crowded: Deployment;
  let there: string;

  beforeAll(async () => {
    crowded = await deploy({ apis: 1, workers: 0, env: { RATE_LIMITS: 'on', TRUST_PROXY: '127.0.0.1' } });
    there = crowded.apis[0]?.url ?? '';
  });
  afterAll(() => crowded?.stop());

  const aGuest = (headers: Record<string, string>): Promise<Person> => new Person(there, headers).becomeGuest();
  async function twoFrom(address: string): Promise<[Person, Person]> {
    const people = [
      await aGuest({ 'x-forwarded-for': address }),
      await aGuest({ 'x-forwarded-for': address }),
    ] as const;
    for (const person of people) await person.connect();
    return [...people];
  }

  // At the same time as the next, which only waits.
  it.concurrent('let sixty messages pass in a minute, and one more each second', { timeout: 60_000 }, async () => {
    const [person, neighbour] = await twoFrom('2001:db8:2::1');
    const send = (who: Person) =>
      who.try('message:send', { conversationId: randomUUID(), clientId: randomUUID(), text: 'x' });
    const startedAt = performance.now();
    let [passed, refused] = [0, 0];
    // Slower than five a second, so that only the minute's limit refuses.
    for (let i = 0; i < 100 && refused < 3; i += 1) {
      if (codeOf(await send(person)) === 'RATE_LIMITED') refused += 1;
      else passed += 1;
      await sleep(i < 8 ? 0 : 201);
    }
    const most = 60 + Math.ceil((performance.now() - startedAt) / 1_000);
    expect(refused).toBe(3);
    expect(passed).toBeGreaterThanOrEqual(60);
    expect(passed).toBeLessThanOrEqual(most);
    expect(codeOf(await send(neighbour))).not.toBe('RATE_LIMITED');
    for (const one of [person, neighbour]) one.disconnect();
  });

  it.concurrent(
    '#21 hold 40 idle transports, refuse more with 429, free them within 5 s, and touch no other address',
    async () => {
      const dials = Array.from({ length: 60 }, () => RawSocket.open(there, { 'x-forwarded-for': '203.0.113.5' }));
      const results = await Promise.allSettled(dials);
      const idle = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(idle).toHaveLength(40);
      for (const refusal of refusals) expect(refusal).toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
      const neighbour = new Person(there, { 'x-forwarded-for': '203.0.113.6' });
      expect((await (await neighbour.becomeGuest()).connect()).state).toBe('idle');
      neighbour.disconnect();
      await Promise.all(idle.map((socket) => socket.untilClosed()));
      (await RawSocket.open(there, { 'x-forwarded-for': '203.0.113.5' })).close();
    },
  );

  const fragments = (flood: RawSocket): void => {
    for (let i = 0; i < 5_000; i += 1) flood.ws.send('', { fin: false });
    flood.ws.send('3');
  };
  it.each([
    ['pings of the WebSocket', '203.0.113.16', 25, (flood: RawSocket) => flood.ws.ping()],
    ['pongs that nobody asked for', '203.0.113.17', 25, (flood: RawSocket) => flood.ws.pong()],
    ['fragments of nothing', '203.0.113.18', 1, fragments],
  ] as const)('close a transport that floods below Engine.IO with %s, and no other', async (_, address, at, send) => {
    const headers = { 'x-forwarded-for': address };
    const [one, neighbour] = [await aGuest(headers), await aGuest(headers)];
    await neighbour.connect();
    const flood = await RawSocket.connect(there, one, headers);
    for (let i = 0; i < 300 && flood.closeCode === undefined; i += 1) {
      for (let j = 0; j < at; j += 1) send(flood);
      await sleep(5);
    }
    await flood.untilClosed(5_000);
    expect(await flood.until((frame) => frame.startsWith('42["server:notice"'))).toContain('RATE_LIMITED');
    expect((await neighbour.ask('session:state', {})).state).toBe('idle');
    neighbour.disconnect();
  });

  it('leave alone who pings now and then', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.19' };
    const calm = await RawSocket.connect(there, await aGuest(headers), headers);
    for (let i = 0; i < 40; i += 1) calm.ws.ping();
    await sleep(1_500);
    expect(calm.closeCode).toBeUndefined();
    calm.close();
  });

  it('keep out for ten minutes an address from where three floods came before anybody signed in, and no other address', async () => {
    const from = (address: string) => RawSocket.open(there, { 'x-forwarded-for': address });
    for (let i = 0; i < 3; i += 1) await floodFrom(await from('203.0.113.9'));
    const refusal = await from('203.0.113.9').catch((error: unknown) => error);
    expect(refusal).toMatchObject({ status: 429 });
    const { headers } = refusal as { headers: Record<string, string> };
    expect(Number(headers['retry-after'])).toBeGreaterThan(590);
    (await from('203.0.113.10')).close();
  });

  it('keep out for ten minutes whoever floods a third time, and nobody else behind the same address', async () => {
    const address = { 'x-forwarded-for': '203.0.113.11' };
    const person = await new Person(there, address).becomeGuest();
    for (let i = 0; i < 3; i += 1) await floodFrom(await RawSocket.connect(there, person, address));
    await expect(person.connect()).rejects.toMatchObject({ data: { code: 'RATE_LIMITED' } });
    const neighbour = await new Person(there, address).becomeGuest();
    expect((await neighbour.connect()).state).toBe('idle');
    neighbour.disconnect();
  });

  it.each([
    ['conversation:leave', 20, 3_000, () => ({ conversationId: randomUUID() })],
    ['conversation:rate', 20, 3_000, () => ({ conversationId: randomUUID(), good: true })],
    ['search:cancel', 20, 3_000, () => ({})],
    ['message:seen', 20, 100, () => ({ conversationId: randomUUID(), seq: 1 })],
  ] as const)(
    'let %s pass %i times at once, and touch nobody else behind the same address',
    async (event, most, everyMs, payload) => {
      const [person, neighbour] = await twoFrom(`2001:db8:1:${event.length}::1`);
      const startedAt = performance.now();
      const answers = await Promise.all(Array.from({ length: most + 8 }, () => person.try(event, payload())));
      const passed = answers.map(codeOf).filter((code) => code !== 'RATE_LIMITED').length;
      expect(passed).toBeGreaterThanOrEqual(most);
      expect(passed).toBeLessThanOrEqual(most + Math.min(7, Math.ceil((performance.now() - startedAt) / everyMs)));
      expect(codeOf(await neighbour.try(event, payload()))).not.toBe('RATE_LIMITED');
      for (const one of [person, neighbour]) one.disconnect();
    },
  );

  it.each([
    ['export', 'POST', '/me/export', undefined, 1, 202],
    ['report', 'POST', `/conversations/${randomUUID()}/reports`, { reason: 'spam' }, 10, 404],
  ] as const)('%s holds a user at its limit, and no other user', async (name, method, path, body, most, status) => {
    const address = { 'x-forwarded-for': '2001:db8:3::1' };
    const [user, other] = [await aGuest(address), await aGuest(address)];
    const answers = [];
    for (let i = 0; i < most + 2; i += 1) answers.push(await user.http(method, path, body));
    expect(answers.map((answer) => answer.status)).toEqual([...Array(most).fill(status), 429, 429]);
    expect(answers.at(-1)?.headers.get('ratelimit')).toContain(`"${name}";r=0`);
    expect((await other.http(method, path, body)).status).toBe(status);
  });

  it('erasure holds a user at three an hour, and no other user', async () => {
    const address = { 'x-forwarded-for': '2001:db8:4::1' };
    const [user, other] = [await aGuest(address), await aGuest(address)];
    const lock = new pg.Client({ connectionString: crowded.databaseUrl });
    await lock.connect();
    // The first that is done ends the session, and the others would find none.
    await lock.query('BEGIN; LOCK TABLE erasures');
    const asked = Array.from({ length: 5 }, () => user.http('DELETE', '/me'));
    const refused: number[] = [];
    for (const answer of asked) void answer.then(({ status }) => status === 429 && refused.push(status));
    await vi.waitFor(() => expect(refused).toHaveLength(2), 5_000);
    await lock.query('ROLLBACK');
    await lock.end();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([202, 202, 202, 429, 429]);
    expect((await other.http('DELETE', '/me')).status).toBe(202);
  });

  it(
    'take ten reports of a person in an hour, a hundred of an address, whoever comes from it',
    { timeout: 60_000 },
    async () => {
      const people = await Promise.all(
        Array.from({ length: 11 }, (_, i) =>
          new Person(there, { 'x-forwarded-for': `2001:db8:60:${i}::1` }).becomeGuest(),
        ),
      );
      const report = async (person: Person, i: number): Promise<string> => {
        // An address may ask so much at once, and five times a second from then on.
        await sleep(Math.max(0, i - 50) * 210);
        const from = { 'x-forwarded-for': '2001:db8:61::1' };
        const answer = await person.http('POST', '/conversations/none/reports', { reason: 'spam' }, from);
        return `${answer.status} ${/"(report\w*)";r=0;t=[1-9]/.exec(answer.headers.get('ratelimit') ?? '')?.[1] ?? ''}`.trim();
      };
      const asks = people.flatMap((person, at) => Array.from({ length: 10 }, (_, i) => report(person, at * 10 + i)));
      const answers = await Promise.all([...asks, report(people[0] as Person, 5)]);
      expect(answers.filter((answer) => answer === '404')).toHaveLength(100);
      expect(new Set(answers)).toEqual(new Set(['404', '429 report', '429 report_address']));
      const elsewhere = await people[10]?.http('POST', '/conversations/none/reports', { reason: 'spam' });
      expect(elsewhere?.status).toBe(404);
    },
  );

  it('refuse the 61st upgrade in a minute that never connects, with 429, and no other address', async () => {
    const from = (address: string) => RawSocket.open(there, { 'x-forwarded-for': address });
    const results: unknown[] = [];
    for (let i = 0; i < 75; i += 1)
      results.push(
        await from('203.0.113.12').then(
          (socket) => socket.close(),
          (error: unknown) => error,
        ),
      );
    expect(results.slice(0, 60)).toEqual(Array(60).fill(undefined));
    expect(results.find(Boolean)).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    (await from('203.0.113.13')).close();
  });

  it(
    'hold 20 sockets, refuse the 21st with the error object, and touch no other address',
    { timeout: 60_000 },
    async () => {
      const address = { 'x-forwarded-for': '203.0.113.14' };
      const people = Array.from({ length: 21 }, () => new Person(there, address));
      for (const person of people) await person.becomeGuest();
      // At once, so that all are let by before the first is counted.
      const results = await Promise.allSettled(people.map((person) => person.connect()));
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
      expect(refused).toMatchObject([{ data: { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 60_000 } }]);
      const neighbour = new Person(there, { 'x-forwarded-for': '203.0.113.15' });
      expect((await (await neighbour.becomeGuest()).connect()).state).toBe('idle');
      for (const person of [...people, neighbour]) person.disconnect();
    },
  );

  it('refuse the 31st connect in a minute, with the error object, and no other address', async () => {
    const codes: string[] = [];
    for (let i = 0; i < 33; i += 1) {
      const socket = await RawSocket.open(there, { 'x-forwarded-for': '203.0.113.7' });
      socket.send('40{}');
      const answer = await socket.until((frame) => frame.startsWith('44'));
      codes.push(JSON.parse(answer.slice(2)).data.code);
      socket.close();
    }
    expect(codes.slice(0, 30)).toEqual(Array(30).fill('UNAUTHENTICATED'));
    expect(codes.slice(-1)).toEqual(['RATE_LIMITED']);
    const neighbour = new Person(there, { 'x-forwarded-for': '203.0.113.8' });
    expect((await (await neighbour.becomeGuest()).connect()).state).toBe('idle');
    neighbour.disconnect();
  });
});

describe('limits of a user', () => {
  let pair: Deployment;
  let redis: Redis;

  beforeAll(async () => {
    pair = await deploy({ apis: 2, workers: 0, env: { RATE_LIMITS: 'on' } });
    redis = new Redis(pair.redisUrl);
  });
  afterAll(async () => {
    redis?.disconnect();
    await pair?.stop();
  });

  it.each(['take over their own connection', 'leave and come back'])(
    'hold them over all processes, also when they %s',
    async (how) => {
      const [here = '', there = ''] = pair.apis.map((api) => api.url);
      const person = await Person.guest(here);
      await redis.del('none', ...(await redis.keys('stoa:{spent:*')));
      const startedAt = performance.now();
      const codes: string[][] = [];
      for (const url of [here, there, here]) {
        await person.connect(url);
        codes.push((await Promise.all(Array.from({ length: 12 }, () => person.try('search:start', {})))).map(codeOf));
        if (how !== 'leave and come back') continue;
        person.disconnect();
        await vi.waitFor(async () => expect(await redis.keys('stoa:{spent:*')).toHaveLength(1));
      }
      const most = 10 + Math.ceil((performance.now() - startedAt) / 6_000);
      expect(codes[0]?.filter((code) => code === 'ok').length).toBeGreaterThanOrEqual(10);
      expect(codes.flat().filter((code) => code === 'ok').length).toBeLessThanOrEqual(most);
      person.disconnect();
    },
  );

  it('hold them for what is sent before session:ready, too', async () => {
    const [here = '', there = ''] = pair.apis.map((api) => api.url);
    const person = await Person.guest(here);
    await redis.del('none', ...(await redis.keys('stoa:{spent:*')));
    const startedAt = performance.now();
    let passed = 0;
    for (const url of [here, there, here]) {
      const socket = await RawSocket.open(url, { cookie: person.cookie });
      const searches = Array.from({ length: 12 }, (_, i) => `42${i}["search:start",{}]`);
      // In the moment in which the server takes them: long before it has asked what was spent elsewhere.
      socket.ws.on('message', (frame: Buffer) => {
        if (frame.toString().startsWith('40{')) socket.sendTogether(...searches);
      });
      socket.send(`40${JSON.stringify({ csrfToken: person.csrfToken })}`);
      const answers = await Promise.all(searches.map((_, i) => socket.answerTo(i)));
      passed += answers.filter(({ ok }) => ok).length;
      socket.close();
      await vi.waitFor(async () => expect(await redis.keys('stoa:{spent:*')).toHaveLength(1));
    }
    expect(passed).toBeGreaterThanOrEqual(10);
    expect(passed).toBeLessThanOrEqual(10 + Math.ceil((performance.now() - startedAt) / 6_000));
  });
});

it('leave their traces in the audit trail, a few rows for a flood', async () => {
  const client = new pg.Client({ connectionString: deployment.databaseUrl });
  await client.connect();
  const traces = async (): Promise<string[]> => {
    const { rows } = await client.query<{ trace: string; rows: number }>(
      `SELECT event || ' ' || reason AS trace, count(*)::int AS rows FROM audit_events
        WHERE event IN ('limit.refuse', 'connection.expel') AND reason !~ ' x[0-9]+$' GROUP BY 1`,
    );
    for (const { rows: count } of rows) expect(count).toBeLessThan(20);
    return rows.map(({ trace }) => trace);
  };
  await vi.waitFor(async () =>
    expect(await traces()).toEqual(
      expect.arrayContaining([
        'limit.refuse socket handshake',
        'limit.refuse socket message:send',
        'limit.refuse socket session:state',
        'connection.expel INVALID_EVENTS',
        'connection.expel EVENTS',
        'connection.expel BYTES',
      ]),
    ),
  );
  await client.end();
});

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Ack } from '../../src/contracts/socket-events.js';
import { ORIGIN, deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';
import { faultsIn, residentMiB } from '../support/process-facts.js';
import { RawSocket } from '../support/raw-socket.js';
import type { UpgradeRefusal } from '../support/raw-socket.js';

// The rows of security.md, section 3, that concern sockets: a row a test, named by its number. Black box, over real processes.
// Rows 25 and 27 trip limits: limits.e2e.ts. Row 28 in the browser: test/browser/talk.spec.ts.

let deployment: Deployment;
let api: Member;
let url: string;
let database: pg.Client;
const opened: { close?: () => void; disconnect?: () => void }[] = [];

beforeAll(async () => {
  deployment = await deploy({ apis: 1 });
  [api] = deployment.apis as [Member];
  ({ url } = api);
  database = new pg.Client({ connectionString: deployment.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await deployment?.stop();
});
afterEach(() => {
  for (const one of opened.splice(0)) (one.close ?? one.disconnect)?.call(one);
});

const refusedWith = (code: string) => ({ ok: false, error: { code } });
const codeOf = (ack: Ack<unknown>): string => (ack.ok ? 'ok' : ack.error.code);
const keep = <One extends { close?: () => void; disconnect?: () => void }>(one: One): One => {
  opened.push(one);
  return one;
};
const raw = async (person?: Person): Promise<RawSocket> =>
  keep(await (person ? RawSocket.connect(url, person) : RawSocket.open(url)));

async function aGuest(profile = {}): Promise<Person> {
  const person = keep(await Person.guest(url, profile));
  await person.connect();
  return person;
}

async function twoStrangers() {
  const meeting = await meet([url]);
  keep(meeting.ada);
  keep(meeting.bob);
  return meeting;
}

const aMessage = (conversationId: string, text = 'hello') => ({ conversationId, clientId: randomUUID(), text });

describe('the handshake', () => {
  it('#4 refuses a foreign origin with a valid cookie by HTTP 403 before the upgrade, and notes it', async () => {
    const { cookie } = await Person.guest(url);
    const refusal = await RawSocket.open(url, { cookie, origin: 'https://evil.example' }).catch((e: unknown) => e);
    const { status, headers, body } = refusal as UpgradeRefusal;
    expect(status).toBe(403);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(JSON.parse(body)).toMatchObject({ code: 'ORIGIN_FORBIDDEN', requestId: headers['x-request-id'] });
    await vi.waitFor(async () => {
      const { rows } = await database.query('SELECT event FROM audit_events WHERE request_id = $1', [
        headers['x-request-id'],
      ]);
      expect(rows).toEqual([{ event: 'origin.refuse' }]);
    });
  });

  it('#4 refuses a foreign host by HTTP 421', async () => {
    const refusal = await RawSocket.open(url, { host: 'evil.example' }).catch((e: unknown) => e);
    expect(refusal).toMatchObject({ status: 421 });
  });

  it('#5 refuses whoever brings no cookie, a wrong one, or a token in its place', async () => {
    const person = await Person.guest(url);
    const asNobody = Object.assign(new Person(url), { csrfToken: person.csrfToken });
    await expect(asNobody.connect()).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    const forged = Object.assign(new Person(url), { ...person, cookie: `stoa_session=${'A'.repeat(43)}` });
    await expect(forged.connect()).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    const socket = await raw();
    const token = person.cookie.split('=')[1];
    socket.send(`40${JSON.stringify({ csrfToken: person.csrfToken, stoa_session: token, cookie: person.cookie })}`);
    expect(await socket.until((frame) => frame.startsWith('44'))).toContain('UNAUTHENTICATED');
  });

  it('#2 refuses the token of another session, and notes from where', async () => {
    const [person, other] = [await Person.guest(url), await Person.guest(url)];
    const thief = Object.assign(new Person(url), { cookie: person.cookie, csrfToken: other.csrfToken });
    const refusal = await thief.connect().catch((e: unknown) => e);
    const { data } = refusal as { data: { code: string; requestId: string } };
    expect(data.code).toBe('CSRF_INVALID');
    await vi.waitFor(async () => {
      const { rows } = await database.query('SELECT event, ip_hash FROM audit_events WHERE request_id = $1', [
        data.requestId,
      ]);
      expect(rows).toEqual([{ event: 'csrf.refuse', ip_hash: expect.stringMatching(/^[\da-f]{32}$/) }]);
    });
  });

  it('#6 refuses polling, with the security headers', async () => {
    const answer = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('#7 never handles an event as nobody: before, without and in the tick of the connection', async () => {
    const person = await Person.guest(url);
    const early = keep(await RawSocket.open(url, { cookie: person.cookie }));
    early.sendTogether(`40${JSON.stringify({ csrfToken: person.csrfToken })}`, '420["session:state",{}]');
    const without = await raw();
    without.send('420["session:state",{}]');
    for (const socket of [early, without]) await socket.untilClosed();
    expect([...early.frames, ...without.frames].filter((frame) => frame.startsWith('430'))).toEqual([]);
    const connecting = person.connect();
    const answer = await person.ask('session:state', {});
    expect(answer.user.id).toBe((await connecting).user.id);
    person.disconnect();
  });

  it('opens no namespace but the one, and no second connection on a transport', async () => {
    const person = await Person.guest(url);
    const connect = JSON.stringify({ csrfToken: person.csrfToken });
    const other = keep(await RawSocket.open(url, { cookie: person.cookie }));
    other.send(`40/admin,${connect}`);
    expect(await other.until((frame) => frame.startsWith('44/admin,'))).toContain('Invalid namespace');
    const many = keep(await RawSocket.open(url, { cookie: person.cookie }));
    for (let i = 0; i < 20; i += 1) many.send(`40${connect}`);
    await many.untilClosed();
    const state = await keep(person).connect();
    expect(state.state).toBe('idle');
    expect(faultsIn(api)).toEqual([]);
  });
});

describe('two sockets of one person', () => {
  it('#8 tell and close the older; what it sent meanwhile is answered, and stored once or not at all', async () => {
    const { ada, adas, bob, bobs } = await twoStrangers();
    const old = ada.socket;
    const message = aMessage(adas, 'raced in');
    const connected = ada.connect();
    // One under way at every moment of the take-over: each is answered, with its seq or that this place is over.
    const answers: Ack<unknown>[] = [];
    while (ada.all('session:superseded').length === 0)
      answers.push((await old?.timeout(3_000).emitWithAck('message:send', message)) as Ack<unknown>);
    await connected;
    for (const answer of answers)
      expect(answer).toMatchObject(answer.ok ? { data: { seq: 1 } } : { error: { code: 'SUPERSEDED' } });
    expect(answers.length).toBeGreaterThan(0);
    await vi.waitFor(() => expect(old?.connected).toBe(false));
    // The client's rule: send the same clientId again until it is answered.
    expect(await ada.ask('message:send', message)).toMatchObject({ seq: 1 });
    await sleep(200);
    expect(bob.all('message:new').filter(({ text }) => text === 'raced in').length).toBe(1);
    expect((await bob.ask('conversation:sync', { conversationId: bobs, after: 0 })).lastSeq).toBe(1);
    const { rows } = await database.query(
      `SELECT actor = (SELECT audit_id::text FROM users WHERE id = $1) AS hers FROM audit_events WHERE event = 'session.supersede'`,
      [ada.userId],
    );
    expect(rows).toContainEqual({ hers: true });
  });

  it('#8 leave one alive of ten that come at once', async () => {
    const person = await Person.guest(url);
    const sockets = await Promise.all(
      Array.from({ length: 10 }, async () => keep(await RawSocket.open(url, { cookie: person.cookie }))),
    );
    for (const socket of sockets) socket.send(`40${JSON.stringify({ csrfToken: person.csrfToken })}`);
    await vi.waitFor(() => expect(sockets.filter(({ closeCode }) => closeCode === undefined)).toHaveLength(1), 10_000);
    const [alive] = sockets.filter(({ closeCode }) => closeCode === undefined);
    alive?.send('421["session:state",{}]');
    expect((await alive?.answerTo(1))?.ok).toBe(true);
    for (const socket of sockets) {
      const events = socket.frames.flatMap((frame) => /^42\["([\w:]+)"/.exec(frame)?.[1] ?? []);
      expect(events.includes('session:superseded')).toBe(socket !== alive);
      // Nothing comes before it, also to those who are superseded while they are received.
      expect(events.indexOf('session:ready')).toBeLessThanOrEqual(0);
    }
  });

  it('#32 start one search, whichever of two tabs asks', async () => {
    const person = await Person.guest(url, { languages: ['fi'] });
    const [one, two] = [await raw(person), keep(await RawSocket.open(url, { cookie: person.cookie }))];
    // The second tab takes over in the moment in which the first asks.
    one.send('425["search:start",{}]');
    two.send(`40${JSON.stringify({ csrfToken: person.csrfToken })}`);
    await two.until((frame) => frame.startsWith('42["session:ready"'));
    two.send('425["search:start",{}]');
    const answers = await Promise.allSettled([one.answerTo(5), two.answerTo(5)]);
    const ids = answers.flatMap((a) =>
      a.status === 'fulfilled' ? [(a.value.data as { search?: { searchId: string } }).search?.searchId] : [],
    );
    expect(new Set(ids).size).toBe(1);
  });
});

describe('frames', () => {
  it('#21 that never come: idle transports are closed after 5 s', { timeout: 30_000 }, async () => {
    const sockets = await Promise.all(Array.from({ length: 200 }, () => raw()));
    const times = await Promise.all(sockets.map((socket) => socket.untilClosed(12_000)));
    // The timers are the server's; on a busy machine they are late.
    expect(Math.max(...times)).toBeLessThan(8_000);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  it('#22 of 33 KiB and of 100 MiB, whole or in pieces, close with 1009, and memory stays flat', async () => {
    const person = await Person.guest(url);
    const attack = async () => {
      const large = await raw(person);
      large.send(`420["message:send",{"text":"${'x'.repeat(33 * 1_024)}"}]`);
      await large.untilClosed();
      expect(large.closeCode).toBe(1009);
      const giant = await raw(person);
      giant.ws.send(Buffer.alloc(100 * 1_024 * 1_024));
      await giant.untilClosed();
      expect([1006, 1009]).toContain(giant.closeCode);
      const pieces = await raw(person);
      for (let i = 0; i < 5_000; i += 1) pieces.ws.send('x'.repeat(8), { fin: false });
      await pieces.untilClosed();
    };
    for (let i = 0; i < 3; i += 1) await attack();
    const before = residentMiB(api);
    for (let i = 0; i < 3; i += 1) await attack();
    expect(residentMiB(api) - before).toBeLessThan(60);
  });

  it('#23 are never packed: permessage-deflate is not negotiated', async () => {
    const socket = keep(await RawSocket.open(url, {}, { perMessageDeflate: true }));
    expect(socket.ws.extensions).toBe('');
  });

  it('#24 with binary attachments are refused or closed, whatever the placeholders say', async () => {
    const person = await Person.guest(url);
    const placeholder = (num: unknown) => `{"_placeholder":true,"num":${JSON.stringify(num)}}`;
    const honest = await raw(person);
    honest.send(`451-7["message:send",${placeholder(0)}]`);
    honest.send(Buffer.from('bytes'));
    expect(await honest.answerTo(7)).toMatchObject(refusedWith('INPUT_INVALID'));
    const bad: (string | Buffer)[][] = [
      [`4511-7["message:send",${Array.from({ length: 11 }, (_, i) => placeholder(i)).join(',')}]`],
      [`451-7["message:send",${placeholder(5)}]`, Buffer.from('x')],
      [`451-7["message:send",${placeholder('0')}]`, Buffer.from('x')],
      [`451-7["message:send",${placeholder(-1)}]`, Buffer.from('x')],
      ['45999999999999-7["message:send",{}]'],
      [Buffer.from('a binary frame that nothing announced')],
      [`451-7["message:send",${placeholder(0)}]`, '420["session:state",{}]'],
    ];
    for (const frames of bad) {
      const socket = await raw(person);
      for (const frame of frames) socket.send(frame);
      await socket.untilClosed();
    }
    expect(faultsIn(api)).toEqual([]);
  });

  it('#26 without acknowledgement, with three arguments or null: answered or ignored, never hanging', async () => {
    const person = await Person.guest(url);
    const socket = await raw(person);
    socket.send('42["session:state",{}]');
    socket.send('421["session:state",{},{},{}]');
    socket.send('422["message:send",null]');
    socket.send('423["session:state"]');
    socket.send('424["message:send",[]]');
    socket.send('425["session:state","text"]');
    const answers = await Promise.all([1, 2, 3, 4, 5].map((id) => socket.answerTo(id)));
    expect(answers.map((a) => a.error?.code ?? 'ok')).toEqual([
      'INPUT_INVALID',
      'INPUT_INVALID',
      'ok',
      'INPUT_INVALID',
      'INPUT_INVALID',
    ]);
  });

  it('#25 with names that every object knows are unknown events', async () => {
    const socket = await raw(await Person.guest(url));
    const names = ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf', 'error', 'message', ''];
    names.forEach((name, i) => socket.send(`42${i}${JSON.stringify([name, {}])}`));
    for (const i of names.keys()) expect(await socket.answerTo(i)).toMatchObject(refusedWith('EVENT_UNKNOWN'));
    for (const name of ['disconnect', 'connect', 'newListener', 'disconnecting']) {
      const other = await raw(await Person.guest(url));
      other.send(`429${JSON.stringify([name, {}])}`);
      await other.untilClosed();
    }
    expect(faultsIn(api)).toEqual([]);
  });

  it('with keys that reach for prototypes change nothing', async () => {
    const { ada, adas } = await twoStrangers();
    ada.disconnect();
    const socket = await raw(ada);
    const payloads = [
      `{"__proto__":{"conversationId":"${adas}"},"clientId":"${randomUUID()}","text":"a"}`,
      `{"conversationId":"${adas}","constructor":{"prototype":{"x":1}},"clientId":"${randomUUID()}","text":"a"}`,
      `{"conversationId":"${adas}","clientId":"${randomUUID()}","text":"a","__proto__":{"polluted":true}}`,
    ];
    payloads.forEach((payload, i) => socket.send(`42${i}["message:send",${payload}]`));
    for (const i of payloads.keys()) expect(await socket.answerTo(i)).toMatchObject(refusedWith('INPUT_INVALID'));
  });

  it('that are deep or broad cost little time', async () => {
    const { ada } = await twoStrangers();
    const socket = await raw(await Person.guest(url));
    const deep = `${'['.repeat(15_000)}${']'.repeat(15_000)}`;
    const objects = `${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}`;
    const broad = JSON.stringify(Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`key${i}`, i])));
    const marks = JSON.stringify({ conversationId: 'c', clientId: randomUUID(), text: 'e\u0301\u0302'.repeat(2_500) });
    const payloads = [deep, objects, broad, marks];
    for (let i = 0; i < 40; i += 1) socket.send(`42${i}["message:send",${payloads[i % 4]}]`);
    const startedAt = performance.now();
    expect((await ada.ask('session:state', {})).state).toBe('chatting');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    for (let i = 0; i < 40; i += 1) expect((await socket.answerTo(i)).ok).toBe(false);
  });
});

describe('texts', () => {
  it('#28 come to the partner as they are: markup is text', async () => {
    const { ada, adas, bob } = await twoStrangers();
    for (const text of [
      '<img src=x onerror=alert(1)>',
      '<svg/onload=alert(1)>',
      'javascript:alert(1)',
      '**b** `c` $1',
    ]) {
      const from = bob.received.length;
      await ada.say(adas, text);
      expect((await bob.next('message:new', { from })).text).toBe(text);
    }
  });

  it('#29 lose what deceives, and are refused where they are no texts', async () => {
    const { ada, adas, bob } = await twoStrangers();
    await ada.say(adas, `a\u202Eb\u2066c\u0007d e${'\u0301'.repeat(50)}`);
    expect((await bob.next('message:new')).text).toBe(`abcd \u00e9${'\u0301'.repeat(8)}`.normalize('NFC'));
    for (const text of ['\ud800', 'a\u0000', 'x'.repeat(2_001), '\u202E\u2066', ' ', ''])
      expect(await ada.try('message:send', aMessage(adas, text))).toMatchObject(refusedWith('INPUT_INVALID'));
  });

  it('#29 never make Postgres fail: a NUL in any field is refused, and harms nobody in the same moment', async () => {
    const { ada, adas } = await twoStrangers();
    const eve = await aGuest();
    const nul = 'nul\u0000';
    const attack = () =>
      Promise.all([
        eve.try('message:send', aMessage(nul)),
        eve.try('message:seen', { conversationId: nul, seq: 1 }),
        eve.try('typing:set', { conversationId: nul, typing: true }),
        eve.try('conversation:sync', { conversationId: nul, after: 0 }),
        eve.try('conversation:leave', { conversationId: nul }),
        eve.try('conversation:rate', { conversationId: '\ud800', good: true }),
      ]);
    const [answers, own] = await Promise.all([
      attack(),
      ada.try('conversation:sync', { conversationId: adas, after: 0 }),
    ]);
    expect(answers.map(codeOf)).toEqual(Array(6).fill('NOT_FOUND'));
    expect(own.ok).toBe(true);
    expect(await eve.try('search:start', { interests: [nul] })).toMatchObject({ ok: true });
    expect(codeOf(await eve.try('search:start', { languages: [nul] }))).toBe('INPUT_INVALID');
    await eve.ask('search:cancel', {});
    const overHttp = await eve.http('GET', `/conversations/${encodeURIComponent(nul)}/messages`);
    expect(overHttp.body.code).toBe('NOT_FOUND');
    expect(faultsIn(api)).toEqual([]);
  });
});

describe('conversations', () => {
  it('#30 end once, also when both end them at once, and take nothing more', async () => {
    const { ada, adas, bob, bobs } = await twoStrangers();
    await Promise.all([
      ada.ask('conversation:leave', { conversationId: adas }),
      bob.ask('conversation:leave', { conversationId: bobs }),
      ada.ask('conversation:leave', { conversationId: adas }),
      ada.http('POST', `/conversations/${adas}/block`),
    ]);
    expect(await bob.ask('conversation:leave', { conversationId: bobs })).toMatchObject({ state: 'idle' });
    for (const [person, id] of [
      [ada, adas],
      [bob, bobs],
    ] as const)
      expect(await person.try('message:send', aMessage(id))).toMatchObject(refusedWith('CONVERSATION_ENDED'));
    const { rows } = await database.query(
      `SELECT count(*)::int AS ends FROM audit_events a JOIN conversation_members m
         ON a.event = 'conversation.end' AND a.target = m.conversation_id::text WHERE m.handle = $1`,
      [adas],
    );
    expect(rows).toEqual([{ ends: 1 }]);
  });

  it('leave a trace of their beginning and their end, and none of whom it was with', async () => {
    const { ada, adas } = await twoStrangers();
    await ada.ask('conversation:leave', { conversationId: adas });
    const { rows } = await database.query(
      `SELECT event, a.actor IS NULL AS nobodys, a.actor = (SELECT audit_id::text FROM users WHERE id = $2) AS hers
         FROM audit_events a JOIN conversation_members m ON a.target = m.conversation_id::text
        WHERE m.handle = $1 ORDER BY at`,
      [adas, ada.userId],
    );
    expect(rows).toEqual([
      { event: 'conversation.open', nobodys: true, hers: null },
      { event: 'conversation.end', nobodys: false, hers: true },
    ]);
  });

  it('#30 are left while the partner sends: what was answered with a seq is there, the rest is told', async () => {
    const { ada, adas, bob, bobs } = await twoStrangers();
    const sends = Array.from({ length: 30 }, (_, i) => bob.try('message:send', aMessage(bobs, `m${i}`)));
    const [, ...answers] = await Promise.all([ada.ask('conversation:leave', { conversationId: adas }), ...sends]);
    const codes = new Set(answers.map(codeOf));
    expect([...codes].every((code) => code === 'ok' || code === 'CONVERSATION_ENDED')).toBe(true);
    const { lastSeq } = await bob.ask('conversation:sync', { conversationId: bobs, after: 0 });
    expect(lastSeq).toBe(answers.filter((answer) => answer.ok).length);
  });

  it('#31 take a clientId once: the same text again has its seq, another text is refused', async () => {
    const { ada, adas, bob, bobs } = await twoStrangers();
    const message = aMessage(adas, 'once');
    const answers = await Promise.all(Array.from({ length: 10 }, () => ada.ask('message:send', message)));
    expect(new Set(answers.map(({ seq }) => seq))).toEqual(new Set([1]));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    const upper = { ...message, clientId: message.clientId.toUpperCase() };
    expect(await ada.ask('message:send', upper)).toMatchObject({ seq: 1, duplicate: true });
    expect(await ada.try('message:send', { ...message, text: 'twice' })).toMatchObject(
      refusedWith('MESSAGE_ID_REUSED'),
    );
    // The key is the sender's own: the partner may use the same.
    expect(await bob.ask('message:send', { ...message, conversationId: bobs })).toMatchObject({ seq: 2 });
  });

  it('belong to their two: with the handle of the other nothing can be done', async () => {
    const { ada, bobs } = await twoStrangers();
    const eve = await aGuest();
    for (const person of [ada, eve]) {
      const answers = await Promise.all([
        person.try('message:send', aMessage(bobs)),
        person.try('message:seen', { conversationId: bobs, seq: 1 }),
        person.try('typing:set', { conversationId: bobs, typing: true }),
        person.try('conversation:sync', { conversationId: bobs, after: 0 }),
        person.try('conversation:leave', { conversationId: bobs }),
        person.try('conversation:rate', { conversationId: bobs, good: true }),
      ]);
      expect(answers.map(codeOf)).toEqual(Array(6).fill('NOT_FOUND'));
      expect((await person.http('POST', `/conversations/${bobs}/block`)).status).toBe(404);
    }
  });

  it('take a seen mark beyond the end for no more than there is', async () => {
    const { ada, adas, bob, bobs } = await twoStrangers();
    await ada.say(adas, 'one');
    await bob.try('message:seen', { conversationId: bobs, seq: 2_147_483_647 });
    await bob.ask('message:seen', { conversationId: bobs, seq: 1 });
    await sleep(200);
    for (const { seq } of ada.all('message:seen')) expect(seq).toBe(1);
  });
});

describe('searches', () => {
  it('#32 are one per person, not beside a conversation, and nothing is left that is not there', async () => {
    const eve = await aGuest({ languages: ['et'] });
    const states = await Promise.all(Array.from({ length: 5 }, () => eve.ask('search:start', {})));
    expect(new Set(states.map(({ search }) => `${search?.searchId} ${search?.since}`)).size).toBe(1);
    expect(await eve.try('conversation:leave', { conversationId: randomUUID() })).toMatchObject(
      refusedWith('NOT_FOUND'),
    );
    expect(await eve.ask('search:cancel', {})).toMatchObject({ state: 'idle' });
    expect(await eve.try('search:cancel', {})).toMatchObject(refusedWith('NOT_SEARCHING'));
    const { ada } = await twoStrangers();
    expect(await ada.try('search:start', {})).toMatchObject(refusedWith('ALREADY_CHATTING'));
  });

  it('#33 of an odd count leave one waiting, with a status; nobody meets themselves', { timeout: 30_000 }, async () => {
    const people = await Promise.all([1, 2, 3].map(() => aGuest({ languages: ['lv'] })));
    await Promise.all(people.map((person) => person.ask('search:start', {})));
    await vi.waitFor(
      () => expect(people.filter((p) => p.all('conversation:started').length > 0)).toHaveLength(2),
      10_000,
    );
    const [lonely] = people.filter((p) => p.all('conversation:started').length === 0);
    const from = lonely?.received.length ?? 0;
    await lonely?.next('search:status', { from, ms: 6_000 });
    expect((await lonely?.ask('session:state', {}))?.state).toBe('searching');
  });

  it('#33 of a blocked pair go on, also when the block races the match', { timeout: 30_000 }, async () => {
    const profile = { languages: ['lt'] };
    const [one, two] = [await aGuest(profile), await aGuest(profile)];
    await Promise.all([one.ask('search:start', {}), two.ask('search:start', {})]);
    const { id } = await one.next('conversation:started');
    await two.next('conversation:started');
    const from = two.received.length;
    // The block ends the conversation; both search again in the same moment.
    const blocking = one.http('POST', `/conversations/${id}/block`);
    await Promise.all([blocking, two.next('conversation:ended', { from }), one.next('conversation:ended')]);
    await Promise.all([one.ask('search:start', {}), two.ask('search:start', {})]);
    await sleep(2_000);
    for (const person of [one, two]) {
      expect(person.all('conversation:started')).toHaveLength(1);
      expect((await person.ask('session:state', {})).state).toBe('searching');
    }
  });
});

it(
  'a storm of reconnects leaves one person with one connection, and no fault in the log',
  { timeout: 30_000 },
  async () => {
    const person = await Person.guest(url);
    const storm = Array.from({ length: 100 }, async (_, i) => {
      await sleep(i * 10);
      const socket = await RawSocket.open(url, { cookie: person.cookie, origin: ORIGIN });
      socket.send(`40${JSON.stringify({ csrfToken: person.csrfToken })}`);
      socket.send('420["search:start",{}]');
      if (i % 2) socket.close();
      return keep(socket);
    });
    await Promise.all(storm);
    await sleep(1_000);
    expect((await keep(person).connect()).user.id).toBe(person.userId);
    expect(await person.ask('session:state', {})).toMatchObject({ state: expect.stringMatching(/idle|searching/) });
    expect(faultsIn(api)).toEqual([]);
  },
);

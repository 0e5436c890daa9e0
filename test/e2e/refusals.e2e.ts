import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORIGIN, deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, aProfile, meet } from '../support/person.js';
import type { Meeting } from '../support/person.js';

let deployment: Deployment;
let url: string;
let meeting: Meeting;

beforeAll(async () => {
  deployment = await deploy({ apis: 1 });
  url = deployment.apis[0]?.url ?? '';
  meeting = await meet([url]);
});
afterAll(() => deployment.stop());

const refusedWith = (code: string) => ({ ok: false, error: { code } });

function handshakeError(
  headers: Record<string, string>,
  csrfToken?: string,
): Promise<{ message: string; data?: { code: string } }> {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth: { csrfToken },
    extraHeaders: headers,
  });
  return new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('connected')));
    socket.once('connect_error', (error) => resolve(error as never));
  });
}

describe('HTTP refuses', () => {
  const guest = { ...aProfile, adult: true };

  it.each([
    ['no adult confirmation', { ...aProfile }, 'adult'],
    ['adult: false', { ...guest, adult: false }, 'adult'],
    ['an unknown field', { ...guest, role: 'admin' }, 'role'],
    ['an empty nickname', { ...guest, nickname: ' \u200B ' }, 'nickname'],
    ['an unknown language', { ...guest, languages: ['xx'] }, 'languages.0'],
  ])('%s', async (_, body, field) => {
    const person = new Person(url);
    await person.http('GET', '/csrf');
    const answer = await person.http('POST', '/guests', body);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ code: 'INPUT_INVALID', status: 422, errors: [{ field }] });
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'));
    expect(answer.text).not.toContain('admin');
  });

  it.each([
    ['without a token', { 'x-csrf-token': '' }, 403, 'CSRF_INVALID'],
    ['a foreign origin', { origin: 'https://evil.example' }, 403, 'ORIGIN_FORBIDDEN'],
    ['a form', { 'content-type': 'text/plain' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
    ['a packed body', { 'content-encoding': 'gzip' }, 415, 'MEDIA_TYPE_UNSUPPORTED'],
  ])('%s', async (_, headers, status, code) => {
    const person = new Person(url);
    await person.http('GET', '/csrf');
    const answer = await person.http('POST', '/guests', guest, headers);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('the token of another session', async () => {
    const [one, two] = [await Person.guest(url), await Person.guest(url)];
    const answer = await one.http('PATCH', '/me', { nickname: 'x' }, { 'x-csrf-token': two.csrfToken });
    expect(answer.body.code).toBe('CSRF_INVALID');
  });

  it('what it cannot read, is too large, does not exist or is not allowed', async () => {
    const person = await Person.guest(url);
    const post = (body: string | Uint8Array<ArrayBuffer>) =>
      fetch(`${url}/api/v1/guests`, {
        method: 'POST',
        body,
        headers: {
          origin: ORIGIN,
          cookie: person.cookie,
          'x-csrf-token': person.csrfToken,
          'content-type': 'application/json',
        },
      });
    expect(await (await post('{"adult":')).json()).toMatchObject({ code: 'JSON_INVALID', status: 400 });
    const latin = new Uint8Array(Buffer.from('{"nickname":"\u00E9"}', 'latin1'));
    expect(await (await post(latin)).json()).toMatchObject({ code: 'JSON_INVALID', status: 400 });
    for (const single of ['5', '"x"', 'true', 'null', '[]'])
      expect(await (await post(single)).json()).toMatchObject({ code: 'INPUT_INVALID', status: 422 });
    expect(await (await post(`{"nickname":"${'x'.repeat(17_000)}"}`)).json()).toMatchObject({ code: 'BODY_TOO_LARGE' });
    expect((await person.http('GET', '/%ff')).body).toMatchObject({ code: 'NOT_FOUND', status: 404 });
    expect((await person.http('GET', '/nothing')).body).toMatchObject({ code: 'NOT_FOUND', status: 404 });
    const odd = await person.http('PUT', '/me', {});
    expect([odd.status, odd.body.code]).toEqual([405, 'METHOD_NOT_ALLOWED']);
    expect((await new Person(url).http('GET', '/me')).body).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    expect((await person.http('GET', `/conversations/${randomUUID()}/messages`)).body.code).toBe('NOT_FOUND');
    // As many as may be named: the report is understood.
    const report = { reason: 'spam', seqs: Array.from({ length: 50 }, (_, i) => i + 1) };
    expect((await person.http('POST', `/conversations/${randomUUID()}/reports`, report)).body.code).toBe('NOT_FOUND');
  });

  it('signed-out sessions at once', async () => {
    const person = await Person.guest(url);
    await person.connect();
    const { cookie } = person;
    expect((await person.http('DELETE', '/sessions/current')).status).toBe(204);
    expect(await person.next('session:revoked', { ms: 5_000 })).toEqual({ reason: 'signed_out' });
    person.cookie = cookie;
    expect((await person.http('GET', '/me')).status).toBe(401);
  });
});

describe('the handshake refuses', () => {
  it('no cookie, a foreign token, a foreign origin', async () => {
    const person = await Person.guest(url);
    expect((await handshakeError({ origin: ORIGIN }, person.csrfToken)).data?.code).toBe('UNAUTHENTICATED');
    expect((await handshakeError({ origin: ORIGIN, cookie: person.cookie }, 'x')).data?.code).toBe('CSRF_INVALID');
    expect((await handshakeError({ origin: ORIGIN, cookie: person.cookie })).data?.code).toBe('CSRF_INVALID');
    await handshakeError({ origin: 'https://evil.example', cookie: person.cookie }, person.csrfToken);
  });
});

describe('sockets refuse', () => {
  const anId = randomUUID();

  it.each([
    ['an empty text', { text: '' }, 'INPUT_INVALID'],
    ['only spaces', { text: ' \n ' }, 'INPUT_INVALID'],
    ['2,001 code points', { text: '😀'.repeat(2_001) }, 'INPUT_INVALID'],
    ['NUL', { text: 'a\u0000b' }, 'INPUT_INVALID'],
    ['a lone surrogate', { text: 'a\uD800' }, 'INPUT_INVALID'],
    ['an unknown field', { text: 'a', from: 'you' }, 'INPUT_INVALID'],
    ['a made-up conversation', { conversationId: 'made-up', text: 'a' }, 'NOT_FOUND'],
  ])('a message with %s', async (_, change, code) => {
    const message = { conversationId: meeting.adas, clientId: randomUUID(), ...change };
    expect(await meeting.ada.try('message:send', message)).toMatchObject(refusedWith(code));
    const { lastSeq } = await meeting.ada.ask('conversation:sync', { conversationId: meeting.adas, after: 0 });
    expect(lastSeq).toBe(0);
  });

  it("the partner's handle of the same conversation, and a stranger's", async () => {
    const message = { conversationId: meeting.bobs, clientId: anId, text: 'a' };
    expect(await meeting.ada.try('message:send', message)).toMatchObject(refusedWith('NOT_FOUND'));
    const eve = await Person.guest(url);
    await eve.connect();
    for (const [event, payload] of [
      ['message:send', { ...message, conversationId: meeting.adas }],
      ['message:seen', { conversationId: meeting.adas, seq: 1 }],
      ['typing:set', { conversationId: meeting.adas, typing: true }],
      ['conversation:sync', { conversationId: meeting.adas, after: 0 }],
      ['conversation:leave', { conversationId: meeting.adas }],
      ['conversation:rate', { conversationId: meeting.adas, good: true }],
    ] as const)
      expect(await eve.try(event, payload)).toMatchObject(refusedWith('NOT_FOUND'));
    eve.disconnect();
  });

  it('a search while chatting, a cancel without a search, an unknown event', async () => {
    expect(await meeting.ada.try('search:start', {})).toMatchObject(refusedWith('ALREADY_CHATTING'));
    expect(await meeting.ada.try('no:such', {})).toMatchObject(refusedWith('EVENT_UNKNOWN'));
    expect(await meeting.ada.ask('search:cancel', {})).toMatchObject({ state: 'chatting' });
    const eve = await Person.guest(url);
    await eve.connect();
    expect(await eve.try('search:cancel', {})).toMatchObject(refusedWith('NOT_SEARCHING'));
    for (const [wish, field] of [
      [{ languages: ['xx'] }, 'languages.0'],
      [{ languages: [] }, 'languages'],
      [{ interests: Array.from({ length: 11 }, (_, i) => `tag ${i}`) }, 'interests'],
      [{ seeks: { genders: ['any'] } }, 'seeks.genders.0'],
      [{ seeks: { ageBands: ['25-34', '17-'] } }, 'seeks.ageBands.1'],
    ] as const)
      expect(await eve.try('search:start', wish as never)).toMatchObject({
        ok: false,
        error: { code: 'INPUT_INVALID', errors: [{ field }] },
      });
    eve.disconnect();
  });

  it('a frame that is too large, by closing', async () => {
    const eve = await Person.guest(url);
    await eve.connect();
    const closed = new Promise((resolve) => eve.socket?.once('disconnect', resolve));
    eve.socket?.emit('message:send', { text: 'x'.repeat(40_000) }, () => {});
    await closed;
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });
});

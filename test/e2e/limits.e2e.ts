import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ack } from '../../src/contracts/socket-events.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

// Limits of sockets, proven by tripping them, over the contract. Those of HTTP: attack-http.e2e.ts and http-limits.int.ts.

let deployment: Deployment;
let url: string;

beforeAll(async () => {
  deployment = await deploy({ apis: 1, env: { RATE_LIMITS: 'on' } });
  url = deployment.apis[0]?.url ?? '';
});
afterAll(() => deployment?.stop());

const codeOf = (ack: Ack<unknown>): string => (ack.ok ? 'ok' : ack.error.code);
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
});

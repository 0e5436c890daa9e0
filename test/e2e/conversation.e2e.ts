import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../src/contracts/state.dto.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

let deployment: Deployment;
let urls: string[];
const people: Person[] = [];

beforeAll(async () => {
  deployment = await deploy({ env: { RECONNECT_GRACE_MS: '2500', REMATCH_AVOID_SECONDS: '3600' } });
  urls = deployment.apis.map((api) => api.url);
});
afterAll(() => deployment.stop());
afterEach(async () => {
  for (const person of people.splice(0)) {
    const state = person.socket?.connected ? await person.ask('session:state', {}).catch(() => undefined) : undefined;
    if (state?.conversation) await person.ask('conversation:leave', { conversationId: state.conversation.id });
    if (state?.state === 'searching') await person.ask('search:cancel', {});
    person.disconnect();
  }
});

async function twoStrangers() {
  const meeting = await meet(urls);
  people.push(meeting.ada, meeting.bob);
  return meeting;
}

const texts = (messages: Message[]): string[] => messages.map((m) => m.text);

describe('two strangers', () => {
  it('are paired within a second and see only what a partner may see', async () => {
    const [ada, bob] = await Promise.all(
      [0, 1].map((i) =>
        Person.guest(urls[i] ?? '', { nickname: `P${i}`, interests: ['stoicism', `own-${i}`], gender: 'woman' }),
      ),
    );
    if (!ada || !bob) throw new Error('no people');
    people.push(ada, bob);
    expect(await ada.connect()).toMatchObject({ state: 'idle', user: { kind: 'guest' } });
    await bob.connect();
    const started = performance.now();
    expect(await ada.ask('search:start', {})).toMatchObject({ state: 'searching', search: { poolSize: 'few' } });
    await bob.ask('search:start', {});
    const [adas, bobs] = await Promise.all([ada.next('conversation:started'), bob.next('conversation:started')]);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(adas.id).not.toBe(bobs.id);
    expect(adas.partner).toEqual({
      nickname: 'P1',
      gender: 'woman',
      ageBand: '25-34',
      languages: ['en'],
      sharedInterests: ['stoicism'],
    });
    expect(adas.presence).toEqual({ state: 'here' });
    expect(Date.parse(adas.idleEndsAt)).toBeGreaterThan(Date.now());
    expect(Object.keys(adas).sort()).toEqual(['id', 'idleEndsAt', 'partner', 'presence', 'startedAt']);
    expect(await ada.ask('conversation:sync', { conversationId: adas.id, after: 0 })).toEqual({
      messages: [],
      lastSeq: 0,
      complete: true,
    });
  });

  it('talk both ways, in one order, across two processes', async () => {
    const { ada, bob, adas, bobs } = await twoStrangers();
    expect(await ada.say(adas, '  γειά σου  ')).toMatchObject({ seq: 1, duplicate: false });
    expect(await bob.say(bobs, 'hello')).toMatchObject({ seq: 2 });
    const toBob = await bob.next('message:new');
    expect(toBob).toMatchObject({ conversationId: bobs, seq: 1, from: 'partner', text: 'γειά σου' });
    expect(Object.keys(toBob).sort()).toEqual(['conversationId', 'from', 'sentAt', 'seq', 'text']);
    expect(new Date(toBob.sentAt).getMilliseconds()).toBe(0);
    expect(await ada.next('message:new')).toMatchObject({ conversationId: adas, seq: 2, text: 'hello' });
    const page = await ada.ask('conversation:sync', { conversationId: adas, after: 0 });
    expect(texts(page.messages)).toEqual(['γειά σου', 'hello']);
    expect(page.messages[0]).toMatchObject({ from: 'you', clientId: expect.any(String) });
    expect(page.messages[1]).not.toHaveProperty('clientId');
    expect(page).toMatchObject({ lastSeq: 2, complete: true });
    expect(ada.all('message:new')).toHaveLength(1);
  });

  it('pages by limit and says what is complete', async () => {
    const { ada, adas } = await twoStrangers();
    for (let i = 1; i <= 5; i += 1) await ada.say(adas, `m${i}`);
    const first = await ada.ask('conversation:sync', { conversationId: adas, after: 1, limit: 2 });
    expect(texts(first.messages)).toEqual(['m2', 'm3']);
    expect(first.lastSeq).toBe(5);
    const { body } = await ada.http('GET', `/conversations/${adas}/messages?after=3&limit=10`);
    expect(texts(body.messages)).toEqual(['m4', 'm5']);
    expect(body.complete).toBe(true);
  });

  it('get the same seq for the same clientId, and an error for another text', async () => {
    const { ada, bob, adas } = await twoStrangers();
    const clientId = randomUUID();
    const [first, second] = await Promise.all([ada.say(adas, 'once', clientId), ada.say(adas, 'once', clientId)]);
    expect([first.seq, second.seq]).toEqual([1, 1]);
    expect([first, second].filter((answer) => answer.duplicate)).toHaveLength(1);
    await expect(ada.say(adas, 'other', clientId)).rejects.toMatchObject({ code: 'MESSAGE_ID_REUSED' });
    await bob.next('message:new');
    await sleep(100);
    expect(bob.all('message:new')).toHaveLength(1);
  });

  it('see what was seen and who types', async () => {
    const { ada, bob, adas, bobs } = await twoStrangers();
    await ada.say(adas, 'seen?');
    await bob.ask('message:seen', { conversationId: bobs, seq: 1 });
    expect(await ada.next('message:seen')).toEqual({ conversationId: adas, seq: 1 });
    await bob.ask('typing:set', { conversationId: bobs, typing: true });
    expect(await ada.next('typing:changed')).toEqual({ conversationId: adas, typing: true });
  });

  it('reload in mid-conversation and find everything', async () => {
    const { ada, bob, adas, bobs } = await twoStrangers();
    await ada.say(adas, 'one');
    bob.disconnect();
    const lost = await ada.next('partner:presence');
    expect(lost).toMatchObject({ conversationId: adas, state: 'reconnecting' });
    expect(Date.parse(lost.graceEndsAt ?? '')).toBeGreaterThan(Date.now());
    await ada.say(adas, 'two');
    const from = ada.received.length;
    const state = await bob.connect(urls[0]);
    expect(state).toMatchObject({
      state: 'chatting',
      lastSeq: 2,
      conversation: { id: bobs, presence: { state: 'here' } },
    });
    expect(texts(state.messages ?? [])).toEqual(['one', 'two']);
    expect(await ada.next('partner:presence', { from })).toEqual({ conversationId: adas, state: 'here' });
    await bob.say(bobs, 'three');
    expect(await ada.next('message:new')).toMatchObject({ seq: 3, text: 'three' });
  });

  it('are told when the partner does not come back', async () => {
    const { ada, bob, adas } = await twoStrangers();
    bob.disconnect();
    expect(await ada.next('conversation:ended', { ms: 10_000 })).toEqual({
      conversationId: adas,
      reason: 'partner_left',
    });
    expect(await ada.ask('session:state', {})).toMatchObject({ state: 'idle' });
    expect(await bob.connect()).toMatchObject({ state: 'idle' });
  });

  it('leave, and are free at once', async () => {
    const { ada, bob, adas, bobs } = await twoStrangers();
    await ada.say(adas, 'bye');
    const state = await ada.ask('conversation:leave', { conversationId: adas });
    expect(state.state).toBe('idle');
    expect(await bob.next('conversation:ended')).toEqual({ conversationId: bobs, reason: 'partner_left' });
    await expect(bob.say(bobs, 'still there?')).rejects.toMatchObject({ code: 'CONVERSATION_ENDED', retryable: false });
    await expect(ada.ask('conversation:leave', { conversationId: adas })).resolves.toMatchObject({ state: 'idle' });
    const page = await bob.ask('conversation:sync', { conversationId: bobs, after: 0 });
    expect(texts(page.messages)).toEqual(['bye']);
  });

  it('never meet again within the time of avoidance, also when both search on', async () => {
    const { ada, bob, adas } = await twoStrangers();
    const from = { ada: ada.received.length, bob: bob.received.length };
    expect(await ada.ask('conversation:leave', { conversationId: adas, next: true })).toMatchObject({
      state: 'searching',
    });
    await bob.ask('search:start', {});
    await sleep(1_500);
    expect(await ada.ask('session:state', {})).toMatchObject({ state: 'searching' });
    const carol = await Person.guest(urls[0] ?? '');
    people.push(carol);
    await carol.connect();
    await carol.ask('search:start', {});
    await carol.next('conversation:started');
    const met = [ada, bob].filter((p, i) =>
      p.received.slice(i ? from.bob : from.ada).some((r) => r.event === 'conversation:started'),
    );
    expect(met).toHaveLength(1);
  });

  it('take over from another place: the first is told, nothing is lost', async () => {
    const { ada, bob, adas, bobs } = await twoStrangers();
    await bob.say(bobs, 'before');
    const first = ada.socket;
    const state = await ada.connect(urls[1]);
    expect(state).toMatchObject({ state: 'chatting', lastSeq: 1 });
    const notice = await ada.next('session:superseded');
    expect(Date.parse(notice.at)).toBeGreaterThan(Date.now() - 60_000);
    await sleep(200);
    expect(first?.connected).toBe(false);
    expect(ada.socket?.connected).toBe(true);
    await bob.say(bobs, 'after');
    await sleep(200);
    expect(ada.all('message:new').filter((m) => m.text === 'after')).toHaveLength(1);
    expect(bob.all('partner:presence')).toEqual([]);
    await ada.say(adas, 'from the second place');
  });

  it('resume a search after a reload with the place kept', async () => {
    const ada = await Person.guest(urls[0] ?? '', { languages: ['el'] });
    people.push(ada);
    await ada.connect();
    const { search } = await ada.ask('search:start', {});
    expect(await ada.ask('search:start', {})).toMatchObject({
      search: { searchId: search?.searchId, since: search?.since },
    });
    ada.disconnect();
    const state = await ada.connect(urls[1]);
    expect(state).toMatchObject({ state: 'searching', search: { searchId: search?.searchId, since: search?.since } });
    const status = await ada.next('search:status', { ms: 6_000 });
    expect(status).toMatchObject({ searchId: search?.searchId, poolSize: 'few' });
    expect(await ada.ask('search:cancel', {})).toMatchObject({ state: 'idle' });
  });

  it('never pair those who do not want each other', async () => {
    const wishes = [
      { gender: 'woman', seeks: { genders: ['woman'] } },
      { gender: 'man', seeks: { genders: ['woman'] } },
      { gender: 'woman', seeks: { ageBands: ['55+'] } },
    ] as const;
    const searchers = await Promise.all(
      wishes.map((w, i) => Person.guest(urls[i % 2] ?? '', { ...(w as object), languages: ['de'] })),
    );
    people.push(...searchers);
    for (const searcher of searchers) {
      await searcher.connect();
      await searcher.ask('search:start', {});
    }
    await sleep(1_500);
    for (const searcher of searchers) expect(searcher.all('conversation:started')).toEqual([]);
  });
});

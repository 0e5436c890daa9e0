import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendSilently, conversationOf } from '../support/append-silently.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

/** The beacon's promise (ms). */
const BOUND = { ms: 5_000 };

let deployment: Deployment;
let postgres: pg.Client;
let urls: string[];

beforeAll(async () => {
  deployment = await deploy();
  urls = deployment.apis.map((api) => api.url);
  postgres = new pg.Client({ connectionString: deployment.databaseUrl });
  await postgres.connect();
});
afterAll(async () => {
  await postgres.end();
  await deployment.stop();
});

describe('what a dead process did not say', () => {
  it('reaches the partner: messages once and in order, then the end', async () => {
    const { ada, bob, adas, bobs } = await meet(urls);
    await ada.say(adas, 'one');
    await bob.next('message:new');
    await appendSilently(postgres, ada.userId, 'two');
    await appendSilently(postgres, ada.userId, 'three');
    await expect.poll(() => bob.all('message:new').map((m) => m.text), { timeout: BOUND.ms }).toHaveLength(3);
    expect(bob.all('message:new').map(({ seq, text }) => [seq, text])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
    // The sender's own: the outbox asks, nothing is pushed.
    expect(ada.all('message:new')).toEqual([]);
    await postgres.query(`SELECT end_conversations($1, 'left', $2, 60000)`, [
      [await conversationOf(postgres, ada.userId)],
      [ada.userId],
    ]);
    expect(await bob.next('conversation:ended', BOUND)).toEqual({ conversationId: bobs, reason: 'partner_left' });
    expect(await ada.next('conversation:ended', BOUND)).toEqual({ conversationId: adas, reason: 'you_left' });
    ada.disconnect();
    bob.disconnect();
  });

  it('is said by whoever answers the sender, who asks again', async () => {
    const { ada, bob, adas } = await meet(urls);
    const pushed = async (): Promise<string[]> => {
      const texts = await Promise.all(deployment.apis.map((api) => api.metrics()));
      return texts.flatMap((text) => text.split('\n').filter((line) => /gaps_healed.*"beacon".*"message"/.test(line)));
    };
    const before = await pushed();
    for (const text of ['one', 'two', 'three']) {
      const clientId = randomUUID();
      const from = bob.received.length;
      await appendSilently(postgres, ada.userId, text, clientId);
      expect(await ada.say(adas, text, clientId)).toMatchObject({ duplicate: true });
      expect(await bob.next('message:new', { from })).toMatchObject({ text });
    }
    expect(await pushed(), 'by the beacon').toEqual(before);
    expect(bob.all('message:new').map(({ seq }) => seq)).toEqual([1, 2, 3]);
    await ada.ask('conversation:leave', { conversationId: adas });
    for (const person of [ada, bob]) person.disconnect();
  });

  it('reaches two who were brought together', async () => {
    const people = await Promise.all(urls.map((url) => Person.guest(url)));
    const [ada, bob] = people as [Person, Person];
    await Promise.all(people.map((person) => person.connect()));
    const handles = [randomUUID(), randomUUID()];
    await postgres.query('SELECT open_conversations($1, $2, $3, $4, $5)', [
      [ada.userId],
      [bob.userId],
      [handles[0]],
      [handles[1]],
      '[["chess"]]',
    ]);
    await appendSilently(postgres, bob.userId, 'hello?');
    expect(await ada.next('conversation:started', BOUND)).toMatchObject({
      id: handles[0],
      partner: { sharedInterests: ['chess'] },
    });
    expect(await ada.next('message:new', BOUND)).toMatchObject({ conversationId: handles[0], seq: 1, text: 'hello?' });
    expect(await bob.next('conversation:started', BOUND)).toMatchObject({ id: handles[1] });
    expect(bob.all('message:new')).toEqual([]);
    for (const person of people) person.disconnect();
  });

  it('corrects who is away', async () => {
    const { ada, bob, adas, bobs } = await meet(urls);
    await postgres.query('UPDATE participations SET away_since = now() WHERE user_id = $1', [ada.userId]);
    // Ada is connected: the mark is wrong, and her process takes it away.
    await expect
      .poll(async () => (await bob.ask('session:state', {})).conversation?.presence.state, { timeout: BOUND.ms })
      .toBe('here');
    ada.disconnect();
    await expect
      .poll(() => bob.all('partner:presence').at(-1), { timeout: BOUND.ms })
      .toMatchObject({ conversationId: bobs, state: 'reconnecting' });
    await ada.connect();
    await expect
      .poll(() => bob.all('partner:presence').at(-1), { timeout: BOUND.ms })
      .toEqual({ conversationId: bobs, state: 'here' });
    await ada.ask('conversation:leave', { conversationId: adas });
    for (const person of [ada, bob]) person.disconnect();
  });

  it('ends the sockets of sessions that are gone or over', async () => {
    const [gone, over] = await Promise.all(urls.map((url) => Person.guest(url)));
    await Promise.all([gone!.connect(), over!.connect()]);
    await postgres.query('DELETE FROM sessions WHERE user_id = $1', [gone!.userId]);
    await postgres.query('UPDATE sessions SET expires_at = now() WHERE user_id = $1', [over!.userId]);
    expect(await gone!.next('session:revoked', { ms: 6_000 })).toEqual({ reason: 'signed_out' });
    expect(await over!.next('session:revoked', { ms: 6_000 })).toEqual({ reason: 'expired' });
    await expect.poll(() => gone!.socket?.connected).toBe(false);
  });

  it('pushes nothing to clients that lack nothing', async () => {
    const { ada, bob, adas, bobs } = await meet(urls);
    for (let n = 0; n < 12; n += 1) {
      await ada.say(adas, `a${n}`);
      await bob.say(bobs, `b${n}`);
      await sleep(600);
    }
    expect(bob.all('message:new').map((m) => m.text)).toEqual(Array.from({ length: 12 }, (_, n) => `a${n}`));
    expect(ada.all('message:new').map((m) => m.text)).toEqual(Array.from({ length: 12 }, (_, n) => `b${n}`));
    expect(ada.all('conversation:started')).toHaveLength(1);
    expect([...ada.all('conversation:ended'), ...bob.all('partner:presence')]).toEqual([]);
    for (const person of [ada, bob]) person.disconnect();
  });
});

describe('a take-over in mid-send', () => {
  it.each([0, 1])('shows the newcomer what the older connection sent, on process %i', async (process) => {
    const { ada, adas, bob } = await meet(urls);
    await ada.say(adas, 'before');
    const conversationId = await conversationOf(postgres, ada.userId);
    const older = ada.socket!;
    // The message lies in the lane, as long as somebody holds the conversation.
    await postgres.query('BEGIN');
    await postgres.query('SELECT FROM conversations WHERE id = $1 FOR UPDATE', [conversationId]);
    const sent = ada.say(adas, 'in mid-send');
    await sleep(50);
    const ready = ada.connect(urls[process]);
    await sleep(250);
    await postgres.query('COMMIT');
    expect(await sent).toMatchObject({ seq: 2, duplicate: false });
    const state = await ready;
    expect([state.lastSeq, state.messages?.map(({ text }) => text)]).toEqual([2, ['before', 'in mid-send']]);
    await expect.poll(() => older.connected).toBe(false);
    await ada.ask('conversation:leave', { conversationId: adas });
    for (const person of [ada, bob]) person.disconnect();
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

let deployment: Deployment;
afterEach(() => deployment.stop());

const urlOf = (i: number): string => deployment.apis[i]?.url ?? '';

describe('a conversation survives', () => {
  it('#38 kill -9 of an api process: every acknowledged message is there, once, in order', async () => {
    deployment = await deploy({ apis: 2 });
    const { ada, bob, adas, bobs } = await meet([urlOf(0), urlOf(1)]);
    const acknowledged: string[] = [];
    let next = 0;
    const flood = (async () => {
      for (;;) {
        const text = `m${next++}`;
        const answer = await ada
          .try('message:send', {
            conversationId: adas,
            clientId: crypto.randomUUID(),
            text,
          })
          .catch(() => undefined);
        if (!answer) return;
        if (answer.ok) acknowledged.push(text);
        if (!ada.socket?.connected) return;
      }
    })();
    // In full flow, whatever the machine.
    await expect.poll(() => acknowledged.length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(20);
    await deployment.apis[0]?.stop('SIGKILL');
    ada.disconnect();
    await Promise.race([flood, sleep(500)]);
    expect(acknowledged.length).toBeGreaterThan(20);

    const state = await ada.connect(urlOf(1));
    expect(state.state).toBe('chatting');
    for (const [person, id] of [
      [ada, adas],
      [bob, bobs],
    ] as const) {
      const texts: string[] = [];
      let after = 0;
      for (;;) {
        const page = await person.ask('conversation:sync', { conversationId: id, after, limit: 100 });
        texts.push(...page.messages.map((m) => m.text));
        expect(page.messages.map((m) => m.seq)).toEqual(page.messages.map((_, i) => after + i + 1));
        after = page.messages.at(-1)?.seq ?? after;
        if (after >= page.lastSeq) break;
      }
      expect(texts.filter((t) => acknowledged.includes(t))).toEqual(acknowledged);
      expect(texts.length - acknowledged.length).toBeLessThanOrEqual(1);
    }
    await ada.say(adas, 'back again');
    expect(await bob.next('message:new', { from: bob.received.length - 1 })).toMatchObject({ from: 'partner' });
  });

  it('#40 an emptied Redis: still signed in, still talking, and the search goes on with its place', async () => {
    deployment = await deploy({ apis: 2 });
    const { ada, bob, adas } = await meet([urlOf(0), urlOf(1)]);
    const eve = await Person.guest(urlOf(0), { languages: ['el'] });
    await eve.connect();
    const { search } = await eve.ask('search:start', {});
    const redis = new Redis(deployment.redisUrl);
    await redis.flushall();
    redis.disconnect();
    await ada.say(adas, 'after the flush');
    expect(await bob.next('message:new', { ms: 6_000 })).toMatchObject({ text: 'after the flush' });
    expect((await ada.http('GET', '/me')).status).toBe(200);
    const fay = await Person.guest(urlOf(1), { languages: ['el'] });
    await fay.connect();
    await fay.ask('search:start', {});
    await Promise.all([
      eve.next('conversation:started', { ms: 15_000 }),
      fay.next('conversation:started', { ms: 15_000 }),
    ]);
    expect(search).toBeDefined();
  });

  it('#38 kill -9 of the worker: searches are matched by the next one', async () => {
    deployment = await deploy({ apis: 1, workers: 2 });
    await meet([urlOf(0)]);
    await deployment.workers[0]?.stop('SIGKILL');
    const started = performance.now();
    await meet([urlOf(0)]);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it('#38 a rolling stop: everyone is told, comes back elsewhere, and no send fails', async () => {
    deployment = await deploy({ apis: 2 });
    const { ada, bob, adas } = await meet([urlOf(0), urlOf(1)]);
    await ada.say(adas, 'before');
    const stopping = deployment.apis[0]?.stop('SIGTERM');
    const { reconnectInMs } = await ada.next('server:draining');
    expect(reconnectInMs).toBeGreaterThanOrEqual(0);
    await ada.say(adas, 'while draining');
    const late = await Person.guest(urlOf(1));
    await expect(late.connect(urlOf(0))).rejects.toMatchObject({ data: { code: 'DRAINING' } });
    ada.disconnect();
    expect(await ada.connect(urlOf(1))).toMatchObject({ state: 'chatting', lastSeq: 2 });
    await ada.say(adas, 'after');
    expect(await stopping).toBe(0);
    expect(bob.all('message:new').map((m) => m.text)).toEqual(['before', 'while draining', 'after']);
  });
});

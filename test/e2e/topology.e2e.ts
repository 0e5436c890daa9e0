import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProxy } from '../../scripts/services/proxy.mjs';
import { authJobs } from '../../src/auth/auth.jobs.js';
import { cleanupJobs } from '../../src/cleanup/cleanup.jobs.js';
import { matchingJobs } from '../../src/matching/matching.jobs.js';
import { QUEUE_PREFIX } from '../../src/platform/queue/job-producer.js';
import { privacyJobs } from '../../src/privacy/privacy.jobs.js';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';
import type { Meeting } from '../support/person.js';
import { dial, readAnswer } from '../support/raw-http.js';

// The procedures of docs/runbook.md, on the processes of deploy/compose.yml behind its proxy.

let deployment: Deployment;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let database: pg.Client;
let apis: [Member, Member, Member];
beforeAll(async () => {
  deployment = await deploy({ apis: 3, workers: 2, env: { TRUST_PROXY: '127.0.0.1' } });
  apis = deployment.apis as typeof apis;
  proxy = await startProxy(apis.map(({ env }) => Number(env['PORT'])));
  database = new pg.Client({ connectionString: deployment.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await proxy.stop();
  await deployment.stop();
});

/** Sends a message as a client does that may be moved from one process to another meanwhile: again, until it is acknowledged. */
async function sayThrough(person: Person, conversationId: string, text: string): Promise<number> {
  const clientId = randomUUID();
  for (let tries = 0; ; tries += 1)
    try {
      if (person.received.some(({ event }) => event === 'server:draining')) leave(person);
      if (!person.socket?.connected) await person.connect(proxy.url);
      return (await person.say(conversationId, text, clientId)).seq;
    } catch (error) {
      if (tries > 50) throw error;
      await sleep(200);
    }
}

/** Closes the connection and forgets what came over it. */
function leave(person: Person): void {
  person.disconnect();
  person.received.length = 0;
}

/** Two who talk until they are told to stop, each coming back as their process goes. */
function keepTalking({ ada, bob, adas, bobs }: Meeting): () => Promise<number> {
  const stopping = new AbortController();
  let said = 0;
  const talk = (async () => {
    while (!stopping.signal.aborted) {
      const [speaker, handle] = said % 2 ? ([bob, bobs] as const) : ([ada, adas] as const);
      said += 1;
      expect(await sayThrough(speaker, handle, `${said}`)).toBe(said);
      await sleep(50);
    }
    return said;
  })();
  return () => {
    stopping.abort();
    return talk;
  };
}

/** The repeated jobs of every queue, by name. */
async function schedulersOf(redis: Redis): Promise<string[]> {
  const named = [authJobs, cleanupJobs, matchingJobs, privacyJobs].map(async ({ queue: name }) => {
    const queue = new Queue(name, { connection: redis, prefix: QUEUE_PREFIX });
    return (await queue.getJobSchedulers()).map(({ key }) => `${name} ${key}`);
  });
  return (await Promise.all(named)).flat().toSorted();
}

const connectionsOf = async (member: Member): Promise<number> =>
  Number(/^stoa_presence_connections (\d+)$/m.exec(await member.metrics())?.[1]);

describe('behind the proxy', () => {
  it('two strangers meet and talk, whichever processes they come to', async () => {
    const { ada, adas, bob, bobs } = await meet([proxy.url]);
    await ada.say(adas, 'hello');
    expect(await bob.next('message:new')).toMatchObject({ conversationId: bobs, seq: 1, text: 'hello' });
    await bob.ask('conversation:leave', { conversationId: bobs });
    expect(await ada.next('conversation:ended')).toMatchObject({ reason: 'partner_left' });
    for (const person of [ada, bob]) leave(person);
  });

  it('nobody outside learns how the processes are, by whichever spelling', async () => {
    for (const path of ['/health/ready', '/health/live', '/HEALTH/ready', '/health/ready/', '/health'])
      expect([path, (await fetch(`${proxy.url}${path}`)).status]).toEqual([path, 404]);
    expect((await fetch(`${apis[0].url}/health/ready`)).status).toBe(200);
  });

  it('an address holds 200 connections, and leaves room for every other', async () => {
    const opened = Array.from({ length: 240 }, () => dial(proxy.url));
    const closed = () => opened.filter(({ closed: isClosed }) => isClosed);
    await vi.waitFor(() => expect(closed().length).toBeGreaterThanOrEqual(40), 10_000);
    // Idle connections of the tests before count, too.
    expect(closed().length).toBeLessThan(100);
    const neighbour = connect({ host: '127.0.0.1', port: Number(new URL(proxy.url).port), localAddress: '127.0.0.2' });
    neighbour.write('GET /api/v1/csrf HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    expect((await readAnswer(neighbour, 1_000)).status).toBe(200);
    for (const socket of opened) socket.destroy();
    await vi.waitFor(async () => expect((await fetch(`${proxy.url}/api/v1/csrf`)).status).toBe(200));
  });

  it('a process that drains sends its people elsewhere and ends well; nothing is lost', async () => {
    const meeting = await meet([proxy.url]);
    const [before] = await Promise.all(
      apis.map(async (member) => ({ member, count: await connectionsOf(member) })),
    ).then((counts) => counts.toSorted((a, b) => b.count - a.count));
    const stop = keepTalking(meeting);
    expect(await before?.member.stop()).toBe(0);
    await sleep(500);
    const said = await stop();
    const after = Math.max(0, said - 100);
    const { messages } = await meeting.ada.ask('conversation:sync', { conversationId: meeting.adas, after });
    expect(messages.map(({ text }) => text)).toEqual(
      Array.from({ length: said - after }, (_, i) => `${after + i + 1}`),
    );
    await before?.member.start();
    for (const person of [meeting.ada, meeting.bob]) leave(person);
  });

  it('a new release replaces the processes one after the other, while people talk and meet', async () => {
    const meeting = await meet([proxy.url]);
    const stop = keepTalking(meeting);
    for (const member of [...deployment.workers, ...apis]) {
      expect(await member.stop()).toBe(0);
      await member.start();
    }
    const said = await stop();
    expect(said).toBeGreaterThan(10);
    const { lastSeq } = await meeting.bob.ask('conversation:sync', { conversationId: meeting.bobs, after: 0 });
    expect(lastSeq).toBe(said);
    const { ada, bob } = await meet([proxy.url]);
    for (const person of [meeting.ada, meeting.bob, ada, bob]) leave(person);
  }, 120_000);

  it('processes come and go: a new one gets people, one that was taken away gets none', async () => {
    const [kept, , extra] = apis;
    await extra.stop();
    const people = await Promise.all(Array.from({ length: 6 }, () => Person.guest(proxy.url)));
    await Promise.all(people.map((person) => person.connect()));
    await extra.start();
    await sleep(1_500); // the proxy looks once a second
    const late = await Promise.all(Array.from({ length: 6 }, () => Person.guest(proxy.url)));
    await Promise.all(late.map((person) => person.connect()));
    expect(await connectionsOf(extra)).toBeGreaterThan(2);
    expect(await connectionsOf(kept)).toBeGreaterThan(0);
    for (const person of [...people, ...late]) leave(person);
  });

  it('#40 Redis is emptied while people talk and search', async () => {
    const redis = new Redis(deployment.redisUrl);
    const meeting = await meet([proxy.url]);
    const waiting = await Person.guest(proxy.url, { interests: ['flushed'] });
    await waiting.connect();
    await waiting.ask('search:start', {});
    const stop = keepTalking(meeting);
    const before = await schedulersOf(redis);
    expect(before.length).toBeGreaterThan(6);
    await redis.flushall();
    await expect.poll(() => schedulersOf(redis), { timeout: 60_000 }).toEqual(before);
    const partner = await Person.guest(proxy.url, { interests: ['flushed'] });
    await partner.connect();
    await partner.ask('search:start', {});
    await waiting.next('conversation:started', { ms: 15_000 });
    await stop();
    await redis.quit();
    for (const person of [meeting.ada, meeting.bob, waiting, partner]) leave(person);
  });

  it('keys are rotated without signing anybody out', async () => {
    const person = await Person.guest(proxy.url);
    const restart = async (member: Member, keys: string): Promise<void> => {
      member.env['SECRET_KEYS'] = keys;
      await member.stop();
      await member.start();
    };
    // Two apis at a time: the third serves, with the keys of before or of after.
    const everywhere = async (keys: string): Promise<void> => {
      await Promise.all([apis[0], apis[1]].map((member) => restart(member, keys)));
      await Promise.all([apis[2], ...deployment.workers].map((member) => restart(member, keys)));
    };
    const [old, fresh] = [apis[0].env['SECRET_KEYS'] ?? '', `new:${'n'.repeat(32)}`];
    await everywhere(`${old},${fresh}`);
    await everywhere(`${fresh},${old}`);
    expect((await person.http('PATCH', '/me', { nickname: 'Still here' })).status).toBe(200);
    await everywhere(fresh);
    const { status } = await person.http('PATCH', '/me', { nickname: 'Me again' });
    if (status === 403) await person.http('GET', '/csrf');
    expect((await person.http('PATCH', '/me', { nickname: 'Me again' })).status).toBe(200);
    await person.connect();
    leave(person);
  }, 120_000);

  it('the audit trail tells what one request did', async () => {
    const person = new Person(proxy.url);
    await person.http('GET', '/csrf');
    const answer = await person.http('POST', '/guests', {
      ageBand: '25-34',
      languages: ['en'],
      interests: [],
      adult: true,
    });
    const { rows } = await database.query('SELECT event, result FROM audit_events WHERE request_id = $1 ORDER BY at', [
      answer.headers.get('x-request-id'),
    ]);
    expect(rows).not.toEqual([]);
    expect(rows.every(({ result }) => result === 'ok')).toBe(true);
  });
});

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TcpProxy } from '../faults/tcp-proxy.js';
import { deploy, ORIGIN } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { startRedis } from '../../scripts/services/redis.mjs';
import { createDatabase } from '../support/database.js';
import { Person, meet } from '../support/person.js';

// What people are told while a store is away: retryable errors over connections that stay.

let deployment: Deployment;
let toPostgres: TcpProxy;
let toRedis: TcpProxy;
let redis: Awaited<ReturnType<typeof startRedis>>;
let api: Member;

beforeEach(async () => {
  const databaseUrl = await createDatabase();
  redis = await startRedis({ fresh: true });
  toPostgres = await TcpProxy.before(new URL(databaseUrl));
  toRedis = await TcpProxy.before(new URL(redis.url));
  deployment = await deploy({
    apis: 1,
    databaseUrl: toPostgres.urlFor(databaseUrl),
    redisUrl: toRedis.urlFor(redis.url),
  });
  api = deployment.apis[0] as Member;
});
afterEach(async () => {
  await deployment?.stop();
  await Promise.all([toPostgres?.close(), toRedis?.close()]);
  await redis?.stop();
});

it('Postgres: 503 with Retry-After for requests and sign-ins, UNAVAILABLE for a message, and the sockets stay', async () => {
  const { ada, adas, bob } = await meet([api.url]);
  const visitor = new Person(api.url);
  await visitor.http('GET', '/csrf');
  toPostgres.set('refuse');
  const signIn = { email: 'ada@example.com', password: 'whatever it was' };
  for (const answer of [await ada.http('GET', '/me'), await visitor.http('POST', '/sessions', signIn)]) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
  const message = { conversationId: adas, clientId: randomUUID(), text: 'waits' };
  expect(await ada.try('message:send', message)).toMatchObject({
    ok: false,
    error: { code: 'UNAVAILABLE', retryable: true },
  });
  toPostgres.set('pass');
  await expect.poll(() => ada.try('message:send', message), { timeout: 15_000 }).toMatchObject({ ok: true });
  expect(await bob.next('message:new')).toMatchObject({ text: 'waits', seq: 1 });
  for (const person of [ada, bob]) expect(person.all('session:ready')).toHaveLength(1);
  for (const person of [ada, bob]) person.disconnect();
}, 60_000);

it('Redis: whoever searches is told that searching pauses, and is matched when it is back; the sockets stay', async () => {
  const [ada, bob] = [await Person.guest(api.url), await Person.guest(api.url)];
  for (const person of [ada, bob]) await person.connect();
  await ada.ask('search:start', {});
  toRedis.set('refuse');
  expect(await ada.next('server:notice', { ms: 15_000 })).toMatchObject({ code: 'SEARCH_DEGRADED' });
  expect((await fetch(`${api.url}/api/v1/me`, { headers: { cookie: ada.cookie, origin: ORIGIN } })).status).toBe(200);
  toRedis.set('pass');
  await expect.poll(() => bob.try('search:start', {}), { timeout: 15_000 }).toMatchObject({ ok: true });
  for (const person of [ada, bob]) await person.next('conversation:started', { ms: 15_000 });
  for (const person of [ada, bob]) expect(person.all('session:ready')).toHaveLength(1);
  for (const person of [ada, bob]) person.disconnect();
}, 60_000);

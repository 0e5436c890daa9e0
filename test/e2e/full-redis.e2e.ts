import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

// A Redis that is full takes no writes and still answers reads.

let deployment: Deployment;
let api: Member;
let redis: Redis;

beforeAll(async () => {
  deployment = await deploy({ apis: 1 });
  api = deployment.apis[0] as Member;
  redis = new Redis(deployment.redisUrl);
});
afterAll(async () => {
  redis?.disconnect();
  await deployment?.stop();
});

const healthOf = async (member: Member): Promise<unknown> => (await fetch(`${member.operatorUrl}/health/ready`)).json();

it('a full Redis: conversations go on, a search is told UNAVAILABLE, every process says degraded and why; all heals', async () => {
  const { ada, adas, bob } = await meet([api.url]);
  const eve = await Person.guest(api.url);
  await eve.connect();
  await redis.config('SET', 'maxmemory', '1');
  try {
    for (const member of [api, ...deployment.workers])
      await expect.poll(() => healthOf(member)).toEqual({ status: 'degraded', reasons: ['redis'] });
    expect(await eve.try('search:start', {})).toMatchObject({
      ok: false,
      error: { code: 'UNAVAILABLE', retryable: true },
    });
    await ada.say(adas, 'nobody is lost');
    expect(await bob.next('message:new')).toMatchObject({ text: 'nobody is lost' });
    expect((await ada.http('GET', '/me')).status).toBe(200);
    // Leases are renewed every 5 s, also now: else the way to whoever is on another process would be forgotten.
    const leases = await redis.keys('stoa:{presence:*}:connection');
    const gus = await Person.guest(api.url);
    await gus.connect();
    expect(await redis.keys('stoa:{presence:*}:connection')).toHaveLength(leases.length + 1);
    gus.disconnect();
    const [lease = ''] = leases;
    const before = await redis.pttl(lease);
    await expect.poll(() => redis.pttl(lease), { timeout: 10_000, interval: 50 }).toBeGreaterThan(before);
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
  for (const member of [api, ...deployment.workers])
    await expect.poll(() => healthOf(member)).toEqual({ status: 'ready', reasons: [] });
  const fay = await Person.guest(api.url);
  await fay.connect();
  for (const person of [eve, fay]) await person.ask('search:start', {});
  await eve.next('conversation:started', { ms: 15_000 });
  for (const person of [ada, bob, eve, fay]) person.disconnect();
});

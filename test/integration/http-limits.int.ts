import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuthRequestHandler } from '../../src/auth/auth-request.handler.js';
import { Database } from '../../src/platform/postgres/database.js';
import { RedisEpoch } from '../../src/platform/redis/redis-epoch.js';
import { REDIS } from '../../src/platform/redis/redis.tokens.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { ClientAddress } from '../../src/platform/http/client-address.js';
import { EventBuckets } from '../../src/platform/limiter/event-buckets.js';
import { HandshakeLimits } from '../../src/platform/limiter/handshake-limits.js';
import { ProcessCensus } from '../../src/platform/limiter/process-census.js';
import { RateLimiter } from '../../src/platform/limiter/rate-limiter.js';
import type { Bucket } from '../../src/platform/limiter/rate-limiter.js';
import { SpentLimits } from '../../src/platform/limiter/spent-limits.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { KeyRing } from '../../src/platform/secrets/key-ring.js';
import { Clock } from '../../src/platform/time/clock.js';
import { Accounts, PASSWORD, anEmail } from '../support/accounts.js';
import { ORIGIN, startAuthApp } from '../support/auth-app.js';
import type { AuthApp } from '../support/auth-app.js';
import { Browser } from '../support/browser.js';
import { dial } from '../support/raw-http.js';

let auth: AuthApp;
let redis: RedisClient;

beforeAll(async () => {
  auth = await startAuthApp({ RATE_LIMITS: 'on', TRUST_PROXY: 'loopback' });
  redis = auth.app.get<RedisClient>(REDIS);
  await vi.waitFor(() => expect(auth.app.get(RedisEpoch).isHealthy).toBe(true));
});
afterAll(() => auth?.stop());

/** What an address may ask: so many at once, and one more every 200 ms. */
const BURST = 60;

/** Asks from all addresses at once, each as a newcomer without a cookie. @returns their answers, and how many of them may have passed */
async function newcomers(addresses: string[]) {
  const startedAt = performance.now();
  const answers = await Promise.all(addresses.map((address) => new Browser(auth.url).get('/csrf', from(address))));
  const passed = answers.filter(({ status }) => status === 200).length;
  const refused = answers.filter(({ status }) => status === 429);
  expect(passed + refused.length).toBe(addresses.length);
  return { passed, refused, most: BURST + Math.ceil((performance.now() - startedAt) / 200) };
}

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
const aBucket = (name: string, digest: string, refuses = true): Bucket => ({
  name,
  digest,
  limit: { count: 3, perMs: 60_000 },
  refuses,
});

describe('the shared buckets', () => {
  it('judge as the local ones do, and live no longer than they must', async () => {
    const limiter = auth.app.get(RateLimiter);
    const verdicts = [];
    for (let i = 0; i < 4; i += 1) verdicts.push(...(await limiter.take([aBucket('a', 'x')])));
    expect(verdicts.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
      [false, 0],
    ]);
    expect(verdicts[3]?.retryAfterMs).toBeGreaterThan(19_000);
    expect(verdicts[3]?.retryAfterMs).toBeLessThanOrEqual(20_000);
    const ttl = await redis.pttl('stoa:{limit}:a:x');
    expect(ttl).toBeGreaterThan(55_000);
    expect(ttl).toBeLessThanOrEqual(60_000);
  });

  it('charge nobody when one refuses, and go on when one only reports', async () => {
    const limiter = auth.app.get(RateLimiter);
    const both = [aBucket('b', 'full'), aBucket('b', 'other')];
    for (let i = 0; i < 3; i += 1) await limiter.take([aBucket('b', 'full')]);
    for (let i = 0; i < 5; i += 1) expect((await limiter.take(both))[0]?.allowed).toBe(false);
    expect((await limiter.take([aBucket('b', 'other')]))[0]?.remaining).toBe(2);
    const quiet = [aBucket('c', 'quiet', false), { ...aBucket('c', 'wide'), limit: { count: 9, perMs: 60_000 } }];
    const seen = [];
    for (let i = 0; i < 5; i += 1) seen.push((await limiter.take(quiet)).map(({ remaining }) => remaining));
    expect(seen).toEqual([
      [2, 8],
      [1, 7],
      [0, 6],
      [0, 5],
      [0, 4],
    ]);
  });

  it('spare what is only reported after one that is full', async () => {
    const limiter = auth.app.get(RateLimiter);
    const both = [aBucket('f', 'pair', false), { ...aBucket('f', 'all', false), limit: { count: 9, perMs: 60_000 } }];
    const seen = [];
    for (let i = 0; i < 6; i += 1) seen.push((await limiter.take(both)).map(({ allowed }) => allowed));
    expect(seen.map(String)).toEqual([...Array(3).fill('true,true'), ...Array(3).fill('false,true')]);
    expect((await limiter.take(both.slice(1)))[0]?.remaining).toBe(5);
  });

  it('charge nothing for a look, which refuses when what it looks at is full', async () => {
    const limiter = auth.app.get(RateLimiter);
    const look: Bucket = { ...aBucket('e', 'x'), refuses: 'look' };
    for (let i = 0; i < 5; i += 1)
      expect((await limiter.take([look]))[0]).toMatchObject({ allowed: true, remaining: 2 });
    for (let i = 0; i < 3; i += 1) await limiter.take([aBucket('e', 'x')]);
    expect((await limiter.take([look, aBucket('e', 'other')]))[0]?.allowed).toBe(false);
    expect((await limiter.take([aBucket('e', 'other')]))[0]?.remaining).toBe(2);
  });

  it('let exactly the limit pass when all come at once', async () => {
    const limiter = auth.app.get(RateLimiter);
    const all = await Promise.all(Array.from({ length: 50 }, () => limiter.take([aBucket('d', 'x')])));
    expect(all.filter(([verdict]) => verdict?.allowed)).toHaveLength(3);
  });
});

describe('opening sockets', () => {
  const aProcess = () => {
    const [addresses, clock] = [auth.app.get(ClientAddress), auth.app.get(Clock)];
    const [limiter, keys] = [auth.app.get(RateLimiter), auth.app.get(KeyRing)];
    return new HandshakeLimits({ rateLimits: true } as never, addresses, clock, limiter, keys);
  };
  const aConnection = (userId: string) =>
    ({
      data: { identity: { userId } },
      request: { headers: {}, socket: { remoteAddress: '192.0.2.20' } },
      conn: { readyState: 'open', once: () => {} },
    }) as never;
  const codeOf = (admission: Promise<void>): Promise<string> =>
    admission.then(
      () => 'ok',
      ({ code }: { code: string }) => code,
    );

  it('is counted by user over all processes', async () => {
    const [one, other] = [aProcess(), aProcess()];
    for (let i = 0; i < 5; i += 1)
      for (const process of [one, other]) expect(await codeOf(process.admitUser(aConnection('ada')))).toBe('ok');
    for (const process of [one, other, aProcess()])
      expect(await codeOf(process.admitUser(aConnection('ada')))).toBe('RATE_LIMITED');
    expect(await codeOf(one.admitUser(aConnection('bob')))).toBe('ok');
  });

  it('is refused by all processes to whoever was expelled three times, wherever that was', async () => {
    for (const process of [aProcess(), aProcess(), aProcess()]) process.noteExpulsion('eve');
    await vi.waitFor(async () => expect(await codeOf(aProcess().admitUser(aConnection('eve')))).toBe('RATE_LIMITED'));
    const [exile] = await redis.keys('stoa:{limit}:exile_user:*');
    expect(await redis.pttl(exile ?? '')).toBeGreaterThan(590_000);
    expect(exile).not.toContain('eve');
    expect(await codeOf(aProcess().admitUser(aConnection('cleo')))).toBe('ok');
  });
});

describe('what was spent of the limits of events', () => {
  const aProcess = () => {
    const buckets = new EventBuckets();
    const [epoch, keys, clock] = [auth.app.get(RedisEpoch), auth.app.get(KeyRing), auth.app.get(Clock)];
    const spent = new SpentLimits(redis, epoch, buckets, keys, clock, { rateLimits: true } as never);
    const search = (userId: string) => buckets.take(userId, 'search:start', clock.monotonicMs()) === 0;
    return { spent, searches: (userId: string, times: number) => times - countRefused(times, () => search(userId)) };
  };
  const countRefused = (times: number, passes: () => boolean): number =>
    Array.from({ length: times }, passes).filter((passed) => !passed).length;

  it('goes with the user to the next process, is added to what is there, and is nobody else’s', async () => {
    const [one, other] = [aProcess(), aProcess()];
    expect([one.searches('fay', 7), other.searches('fay', 2), one.searches('gil', 1)]).toEqual([7, 2, 1]);
    await one.spent.leave('fay');
    const [key] = await redis.keys('stoa:{spent:*');
    expect(key).not.toContain('fay');
    expect(await redis.pttl(key ?? '')).toBeGreaterThan(35_000);
    expect(await redis.pttl(key ?? '')).toBeLessThanOrEqual(42_000);
    await other.spent.collect('fay');
    expect(await redis.exists(key ?? '')).toBe(0);
    expect([other.searches('fay', 5), one.searches('fay', 12), other.searches('gil', 12)]).toEqual([1, 10, 10]);
  });

  it('adds up where several processes leave it, each once', async () => {
    const [one, other, third] = [aProcess(), aProcess(), aProcess()];
    for (const process of [one, other]) {
      expect(process.searches('hal', 4)).toBe(4);
      await process.spent.leave('hal');
      await process.spent.leave('hal');
    }
    await third.spent.collect('hal');
    await third.spent.collect('hal');
    expect(third.searches('hal', 5)).toBe(2);
    await one.spent.collect('hal');
    expect(one.searches('hal', 12)).toBe(10);
  });

  it('stays where it is while Redis is away', async () => {
    const process = aProcess();
    expect(process.searches('ida', 10)).toBe(10);
    const refused = vi.spyOn(redis, 'evalsha').mockRejectedValue(new Error('Connection is closed.'));
    await process.spent.leave('ida');
    await process.spent.collect('ida');
    refused.mockRestore();
    expect(process.searches('ida', 1)).toBe(0);
  });
});

describe('HTTP', () => {
  it('refuses with 429, says when to come again, and leaves other addresses alone', async () => {
    const browser = await new Browser(auth.url).arrive();
    // At once: on a busy machine one after the other takes as long as the limit needs to let one more pass.
    const answers = await Promise.all(Array.from({ length: 31 }, () => browser.get('/csrf', from('192.0.2.1'))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
    expect(refused?.headers.get('retry-after')).toBe('2');
    expect(refused?.headers.get('ratelimit')).toMatch(/"csrf";r=0;t=2/);
    expect(refused?.headers.get('ratelimit-policy')).toMatch(/"all_address";q=300;w=60/);
    expect((await new Browser(auth.url).get('/csrf', from('192.0.2.2'))).status).toBe(200);
  });

  it('holds an address at what all routes together may be asked, with or without cookies', async () => {
    const { passed, refused, most } = await newcomers(Array<string>(120).fill('192.0.2.8'));
    expect(passed).toBeGreaterThanOrEqual(BURST);
    expect(passed).toBeLessThanOrEqual(most);
    expect(refused[0]?.headers.get('ratelimit')).toMatch(/"all_address";r=0;t=1/);
    expect((await new Browser(auth.url).get('/csrf', from('192.0.2.9'))).status).toBe(200);
  });

  it('counts newcomers by their address alone: one who asks again and again does not keep others out', async () => {
    for (let i = 0; i < 40; i += 1) await fetch(`${auth.url}/api/v1/csrf`, from('192.0.2.10'));
    const newcomer = await new Browser(auth.url).get('/csrf', from('192.0.2.10'));
    expect([newcomer.status, newcomer.headers.get('ratelimit-policy')]).toEqual([200, '"all_address";q=300;w=60']);
  });

  it('counts by cookie: one flood does not touch another user behind the same address', async () => {
    const [noisy, calm] = [new Browser(auth.url), new Browser(auth.url)];
    for (const browser of [noisy, calm]) await browser.get('/csrf', from('192.0.2.3'));
    await Promise.all(Array.from({ length: 30 }, () => noisy.get('/csrf', from('192.0.2.3'))));
    expect((await noisy.get('/csrf', from('192.0.2.3'))).status).toBe(429);
    expect((await calm.get('/csrf', from('192.0.2.3'))).status).toBe(200);
  });

  it('holds a session at what all routes together may be asked, whatever its address', async () => {
    const browser = await new Browser(auth.url).arrive();
    const ask = (i: number) => browser.get('/sessions', from(`2001:db8:a:${i % 4}::1`));
    const answers = await Promise.all(Array.from({ length: 130 }, (_, i) => ask(i)));
    const refused = answers.filter(({ status }) => status === 429);
    // One more every 500 ms.
    expect(refused.length).toBeGreaterThanOrEqual(5);
    expect(refused.length).toBeLessThanOrEqual(10);
    expect(refused[0]?.headers.get('ratelimit')).toMatch(/"all_session";r=0/);
    const neighbour = await new Browser(auth.url).arrive();
    expect((await neighbour.get('/sessions', from('2001:db8:a:1::1'))).status).toBe(401);
  });

  it.each([
    ['login_address', '/sessions', () => ({ email: anEmail(), password: PASSWORD }), 20, 401],
    ['registration_address', '/registrations', () => ({ email: anEmail(), password: PASSWORD }), 5, 202],
    ['reset_address', '/password-resets', () => ({ email: anEmail() }), 10, 202],
    ['token_address', '/registrations/confirm', () => ({ token: 'A'.repeat(43) }), 10, 400],
    ['token_address', '/password-resets/confirm', () => ({ token: 'A'.repeat(43), password: PASSWORD }), 10, 400],
    ['token_address', '/email-changes/confirm', () => ({ token: 'A'.repeat(43) }), 10, 401],
  ] as const)('%s holds an address at %s, and not its neighbour', async (name, path, body, most, status) => {
    const address = from(`2001:db8:b:${randomInt(0x10000).toString(16)}::1`).headers;
    const browser = await new Browser(auth.url).arrive();
    const answers = await Promise.all(Array.from({ length: most + 3 }, () => browser.post(path, body(), address)));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
      ...Array<number>(most).fill(status),
      ...Array<number>(3).fill(429),
    ]);
    const refused = answers.find((answer) => answer.status === 429);
    expect(refused?.body).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
    expect(refused?.headers.get('ratelimit')).toContain(`"${name}";r=0`);
    expect((await browser.post(path, body(), from('2001:db8:c::1').headers)).status).toBe(status);
  });

  it('login_email slows down the 51st try for an address, known or not, from wherever, and no other address', async () => {
    const browser = await new Browser(auth.url).arrive();
    const tryAs = async (email: string, i: number): Promise<number> => {
      const startedAt = performance.now();
      // Without a password nothing is looked up: what takes its time is the limit.
      const { status } = await browser.post('/sessions', { email }, from(`2001:db8:d:${i.toString(16)}::1`).headers);
      expect(status).toBe(422);
      return performance.now() - startedAt;
    };
    const email = anEmail();
    await Promise.all(Array.from({ length: 50 }, (_, i) => tryAs(email, i)));
    for (let i = 50; i < 52; i += 1) expect(await tryAs(email, i)).toBeGreaterThanOrEqual(1_000);
    const others = [await tryAs(anEmail(), 60), await tryAs(anEmail(), 61), await tryAs(anEmail(), 62)];
    expect(Math.min(...others)).toBeLessThan(1_000);
  });

  /** Asks that often, each time from the next address. @returns which came to nothing */
  async function throttled(path: string, body: object, addresses: string[]): Promise<boolean[]> {
    const browser = await new Browser(auth.url).arrive();
    const answers = [];
    for (const address of addresses) answers.push(await browser.post(path, body, from(address).headers));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set(['202 {"status":"accepted"}']),
    );
    const ids = answers.map(({ headers }) => headers.get('x-request-id'));
    const sql =
      'SELECT id, throttled FROM auth_requests WHERE request_id = ANY($1) ORDER BY array_position($1, request_id)';
    const asked = await auth.app.get(Database).query<{ id: string; throttled: boolean }>(sql, [ids]);
    for (const { id } of asked) await auth.app.get(AuthRequestHandler, { strict: false }).handle(id);
    return asked.map(({ throttled: isThrottled }) => isThrottled);
  }

  it.each([
    ['registration', '/registrations', { password: PASSWORD }],
    ['reset', '/password-resets', {}],
  ])(
    '%s_pair accepts the fourth to the eye, and mails nothing; what others ask for the address comes',
    async (kind, path, body) => {
      const email = kind === 'reset' ? await (await Accounts.of(auth)).member() : anEmail();
      const asks = { ...body, email };
      const attacker = `2001:db8:e:${randomInt(0x10000).toString(16)}::1`;
      expect(await throttled(path, asks, Array<string>(5).fill(attacker))).toEqual([false, false, false, true, true]);
      expect(auth.mails().filter(({ to }) => to === email)).toHaveLength(3);
      expect(await throttled(path, asks, ['192.0.2.200', '192.0.2.200'])).toEqual([false, false]);
      expect(auth.mails().filter(({ to }) => to === email)).toHaveLength(5);
    },
  );

  it('reset_email bounds what many ask for one address, and one who goes on asking takes nothing of it', async () => {
    const email = await (await Accounts.of(auth)).member();
    const one = Array<string>(9).fill('2001:db8:e2:1::1');
    expect((await throttled('/password-resets', { email }, one)).filter((is) => !is)).toHaveLength(3);
    const many = Array.from({ length: 20 }, (_, i) => `2001:db8:e3:${i.toString(16)}::1`);
    expect(await throttled('/password-resets', { email }, many)).toEqual([
      ...Array<boolean>(17).fill(false),
      ...Array<boolean>(3).fill(true),
    ]);
  });

  it('email_change holds a member at three a day, from wherever, and no other member', async () => {
    const accounts = await Accounts.of(auth);
    const signIn = async (): Promise<Browser> => {
      const browser = await new Browser(auth.url).arrive();
      await browser.post(
        '/sessions',
        { email: await accounts.member(), password: PASSWORD },
        from('2001:db8:f::1').headers,
      );
      return browser;
    };
    const [member, other] = [await signIn(), await signIn()];
    const change = (browser: Browser, i: number) =>
      browser.post('/email-changes', { email: anEmail(), password: PASSWORD }, from(`2001:db8:f:${i}::1`).headers);
    const statuses = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await change(member, i)).status);
    expect(statuses).toEqual([202, 202, 202, 429, 429]);
    expect((await change(other, 0)).status).toBe(202);
  });

  it('takes a /64 for one address, and no forged hop for another', async () => {
    const hosts = await newcomers(Array.from({ length: 120 }, (_, i) => `2001:db8::${i.toString(16)}`));
    expect(hosts.passed).toBeLessThanOrEqual(hosts.most);
    expect((await new Browser(auth.url).get('/csrf', from('2001:db8:0:1::1'))).status).toBe(200);
    const hops = await newcomers(Array.from({ length: 120 }, (_, i) => `10.0.0.${i}, 192.0.2.4`));
    expect(hops.passed).toBeLessThanOrEqual(hops.most);
  });

  it('costs one Redis command a request', async () => {
    const browser = new Browser(auth.url);
    await browser.get('/csrf', from('192.0.2.5'));
    const evals = async (): Promise<number> => {
      const stats = await redis.info('commandstats');
      return [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce(
        (sum, [, calls]) => sum + Number(calls),
        0,
      );
    };
    const before = await evals();
    for (let i = 0; i < 10; i += 1) await browser.get('/csrf', from('192.0.2.5'));
    expect((await evals()) - before).toBe(10);
  });

  it('says the same where it refuses before it is known who asks, and notes it', async () => {
    const ask = () =>
      fetch(`${auth.url}/api/v1/email-changes`, {
        method: 'POST',
        headers: { origin: ORIGIN, 'content-type': 'application/json', 'x-forwarded-for': '2001:db8:11::1' },
        body: '{}',
      });
    const answers = await Promise.all(Array.from({ length: BURST + 30 }, ask));
    const refused = answers.filter(({ status }) => status === 429);
    expect(answers.filter(({ status }) => status === 401).length).toBeGreaterThanOrEqual(BURST);
    expect(refused[0]?.headers.get('ratelimit')).toMatch(/^"all_address";r=0;t=1$/);
    expect(refused[0]?.headers.get('ratelimit-policy')).toBe('"all_address";q=300;w=60');
    expect(refused[0]?.headers.get('retry-after')).toBe('1');
    const ids = refused.map(({ headers }) => headers.get('x-request-id'));
    await vi.waitFor(async () => {
      const sql = 'SELECT event, reason FROM audit_events WHERE request_id = ANY ($1)';
      expect(await auth.app.get(Database).query(sql, [ids])).toEqual([
        { event: 'limit.refuse', reason: 'all_address' },
      ]);
    });
  });

  it('stores no address, cookie or e-mail in its keys', async () => {
    const browser = new Browser(auth.url);
    for (let i = 0; i < 2; i += 1) await browser.get('/csrf', from('192.0.2.6'));
    const keys = await redis.keys('*');
    expect(keys.filter((key) => key.includes('192.0.2') || key.includes(browser.cookie.slice(13)))).toEqual([]);
    expect(keys.some((key) => key.startsWith('stoa:{limit}:all_session:'))).toBe(true);
  });

  it('counts what browsers report of violated policies, ten reports a minute, and repeats nothing of them', async () => {
    const report = (body: string, address: string, type = 'application/reports+json') =>
      fetch(`${auth.url}/csp-reports`, {
        method: 'POST',
        headers: { 'content-type': type, 'x-forwarded-for': address },
        body,
      });
    const violation = (effectiveDirective: unknown, blockedURL: unknown) => ({
      type: 'csp-violation',
      url: `${ORIGIN}/secret-of-the-page`,
      body: { effectiveDirective, blockedURL, sample: 'secret' },
    });
    const reports = [
      violation('script-src-elem', 'inline'),
      violation('script-src-elem', 'https://evil.example/secret.js'),
      violation('connect-src', `${ORIGIN}/api/secret`),
      violation('secret', 5),
      { type: 'deprecation' },
      null,
    ];
    expect((await report(JSON.stringify(reports), '2001:db8:10::1')).status).toBe(204);
    const told = await auth.app.get(Metrics).registry.metrics();
    expect(told.split('\n').filter((line) => line.startsWith('stoa_csp_violations_total'))).toEqual([
      'stoa_csp_violations_total{directive="script-src-elem",blocked="inline"} 1',
      'stoa_csp_violations_total{directive="script-src-elem",blocked="other"} 1',
      'stoa_csp_violations_total{directive="connect-src",blocked="self"} 1',
      'stoa_csp_violations_total{directive="other",blocked="other"} 1',
    ]);
    expect(told).not.toContain('secret');
    const statusOf = async (answer: Promise<Response>) => (await answer).status;
    expect(await statusOf(report(`["${'x'.repeat(9_000)}"]`, '2001:db8:10:1::1'))).toBe(413);
    expect(await statusOf(report('[', '2001:db8:10:1::1'))).toBe(400);
    expect(await statusOf(report('[]', '2001:db8:10:1::1', 'application/json'))).toBe(415);
    expect(await statusOf(fetch(`${auth.url}/csp-reports`))).toBe(405);
    const statuses = await Promise.all(Array.from({ length: 12 }, () => statusOf(report('[]', '2001:db8:10:2::1'))));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([...Array(10).fill(204), 429, 429]);
  });

  it('counts the processes that share the limits', async () => {
    const [one, other] = [new ProcessCensus(redis), new ProcessCensus(redis)];
    const before = auth.app.get(ProcessCensus, { strict: false }).count;
    for (const census of [one, other, one]) await census.refresh();
    expect([before, one.count]).toEqual([1, 3]);
    for (const census of [one, other]) await census.onApplicationShutdown();
    await one.refresh();
    expect(one.count).toBe(2);
    await one.onApplicationShutdown();
  });

  it('goes on with local buckets while Redis is away', async () => {
    await auth.redis.stop();
    const browser = await new Browser(auth.url).arrive();
    const answers = await Promise.all(Array.from({ length: 31 }, () => browser.get('/csrf', from('192.0.2.7'))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(30);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1);
    const { passed, most } = await newcomers(Array<string>(120).fill('192.0.2.11'));
    expect(passed).toBeGreaterThanOrEqual(BURST);
    expect(passed).toBeLessThanOrEqual(most);
  });
});

it('connections beyond the bound of the server are dropped, and counted', async () => {
  const server: Server = auth.app.getHttpServer();
  const { maxConnections } = server;
  const dropped = async (): Promise<string | undefined> =>
    /^stoa_http_connections_dropped_total (\d+)$/m.exec(await auth.app.get(Metrics).registry.metrics())?.[1];
  expect(await dropped()).toBe('0');
  const first = dial(auth.url);
  await once(first, 'connect');
  server.maxConnections = await promisify<number>((done) => server.getConnections(done))();
  await once(dial(auth.url), 'close');
  expect(await dropped()).toBe('1');
  server.maxConnections = maxConnections;
  first.destroy();
});

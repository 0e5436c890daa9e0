import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuthRequestService } from '../../src/auth/auth-request.service.js';
import { AnswerTimes } from '../../src/auth/latency-floor.js';
import { PasswordHasher } from '../../src/auth/password-hasher.js';
import { Database } from '../../src/platform/postgres/database.js';
import { RedisEpoch } from '../../src/platform/redis/redis-epoch.js';
import { REDIS } from '../../src/platform/redis/redis.tokens.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { Accounts, PASSWORD, anEmail } from '../support/accounts.js';
import { startAuthApp } from '../support/auth-app.js';
import type { AuthApp } from '../support/auth-app.js';
import { Browser } from '../support/browser.js';
import type { Answer } from '../support/browser.js';

// Whether an address is known must not show in what a request does: the same statements, the same Redis commands, the same
// hashes, the same bytes. The worker does not run here: it would be seen among the statements.

let auth: AuthApp;
let accounts: Accounts;
let work: string[] = [];

beforeAll(async () => {
  auth = await startAuthApp({ RATE_LIMITS: 'on', TRUST_PROXY: 'loopback' });
  Object.assign(auth.app.get(AnswerTimes), { floorMs: 0, stepMs: 0 });
  accounts = await Accounts.of(auth);
  await vi.waitFor(() => expect(auth.app.get(RedisEpoch).isHealthy).toBe(true));
  recordWork();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await auth?.stop();
});

/** Notes every statement, Redis command and hash from now on. */
function recordWork(): void {
  // oxlint-disable-next-line typescript/unbound-method -- called with the client it is asked of
  const query: (...args: never[]) => unknown = pg.Client.prototype.query;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...args: unknown[]) {
    const [config] = args as [string | { text: string }];
    const text = typeof config === 'string' ? config : config.text;
    work.push(`sql ${text.replace(/ \/\* rid=.*/, '').replaceAll(/\s+/g, ' ')}`);
    return query.apply(this, args as never[]);
  });
  const redis = auth.app.get<RedisClient>(REDIS);
  const send = redis.sendCommand.bind(redis) as (...args: unknown[]) => unknown;
  const background = new Set(['info', 'zadd', 'zremrangebyscore', 'zcard', 'pexpire']);
  vi.spyOn(redis, 'sendCommand').mockImplementation(((
    command: { name: string; args: unknown[] },
    ...rest: unknown[]
  ) => {
    const isCheck = command.name === 'get' && command.args[0] === 'stoa:epoch';
    if (!isCheck && !background.has(command.name)) work.push(`redis ${command.name} ${command.args.length}`);
    return send(command, ...rest);
  }) as never);
  const hasher = auth.app.get(PasswordHasher, { strict: false });
  for (const name of ['hash', 'verify'] as const) {
    const original = hasher[name].bind(hasher) as (...args: unknown[]) => unknown;
    vi.spyOn(hasher, name).mockImplementation(((...args: unknown[]) => {
      work.push(`argon2 ${name}`);
      return original(...args);
    }) as never);
  }
}

const anAddress = (): string => `2001:db8:${randomUUID().slice(0, 4)}::1`;

interface Trace {
  work: string[];
  answer: string;
}

/** One request of a new visitor (or of `browser`) from an address of its own: what it did, also after its answer, and what it answered. */
async function trace(path: string, body: unknown, browser?: Browser, address = anAddress()): Promise<Trace> {
  const visitor = browser ?? (await aVisitor());
  await sleep(60);
  work = [];
  const answer = await visitor.post(path, body, { 'x-forwarded-for': address });
  await sleep(60);
  return { work: [...work].toSorted(), answer: shapeOf(answer) };
}

/** Status, body and headers in their order, without what differs in every answer. */
function shapeOf({ status, body, headers }: Answer): string {
  const { instance: _, requestId: __, ...rest } = body ?? {};
  const shown = [...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
  return JSON.stringify([status, rest, shown]);
}

/** All but what the address may still ask, which is the same for every e-mail. */
function withoutCount(answer: string): string {
  const [status, body, headers] = JSON.parse(answer) as [number, object, [string, string][]];
  return JSON.stringify([status, body, headers.filter(([name]) => name !== 'ratelimit')]);
}

async function expectAlike(traces: Record<string, Trace>): Promise<void> {
  const [[, reference], ...others] = Object.entries(traces) as [[string, Trace], ...[string, Trace][]];
  expect(reference.work.length).toBeGreaterThan(3);
  for (const [name, other] of others) {
    expect([name, other.work]).toEqual([name, reference.work]);
    expect([name, other.answer]).toEqual([name, reference.answer]);
  }
}

/** From an address of their own: who comes without a cookie shares the limit of the address, and that is not what is tested here. */
async function aVisitor(): Promise<Browser> {
  const browser = new Browser(auth.url);
  const { status } = await browser.get('/csrf', {
    headers: { 'x-forwarded-for': `2001:db8:${randomUUID().slice(0, 4)}::2` },
  });
  expect(status).toBe(200);
  return browser;
}

describe('a request does and answers the same whether or not the address is known', () => {
  it('signing in', async () => {
    const wrong = `${PASSWORD}!`;
    await trace('/sessions', { email: anEmail(), password: PASSWORD });
    const traces = {
      missing: await trace('/sessions', { email: anEmail(), password: PASSWORD }),
      wrong: await trace('/sessions', { email: await accounts.member(), password: wrong }),
      suspendedAndWrong: await trace('/sessions', {
        email: await accounts.member({ suspended: true }),
        password: wrong,
      }),
      suspendedAndRight: await trace('/sessions', {
        email: await accounts.member({ suspended: true }),
        password: PASSWORD,
      }),
      unconfirmedAndWrong: await trace('/sessions', { email: await accounts.unconfirmed(), password: wrong }),
      unconfirmedAndRight: await trace('/sessions', { email: await accounts.unconfirmed(), password: PASSWORD }),
      noAddress: await trace('/sessions', { email: 'nobody', password: PASSWORD }),
    };
    await expectAlike(traces);
    expect(traces.missing.work.filter((step) => step.startsWith('argon2'))).toEqual(['argon2 verify']);
    // The limits, and the word to the worker.
    expect(traces.missing.work.filter((step) => step.startsWith('redis'))).toHaveLength(2);
    expect(traces.missing.work.filter((step) => step.includes('INSERT INTO auth_requests'))).toHaveLength(1);
  });

  it('registering', async () => {
    const ask = (email: string): Promise<Trace> => trace('/registrations', { email, password: PASSWORD });
    await ask(anEmail());
    const traces = {
      free: await ask(anEmail()),
      taken: await ask(await accounts.member()),
      suspended: await ask(await accounts.member({ suspended: true })),
      unconfirmed: await ask(await accounts.unconfirmed()),
    };
    await expectAlike(traces);
    expect(traces.free.work.filter((step) => step.startsWith('argon2'))).toEqual(['argon2 hash']);
    expect(traces.free.work.join('\n')).not.toMatch(/from users where email/i);
  });

  it('asking for a new password', async () => {
    const ask = (email: string): Promise<Trace> => trace('/password-resets', { email });
    await ask(anEmail());
    const traces = {
      known: await ask(await accounts.member()),
      missing: await ask(anEmail()),
      suspended: await ask(await accounts.member({ suspended: true })),
      unconfirmed: await ask(await accounts.unconfirmed()),
    };
    await expectAlike(traces);
    expect(traces.known.work.join('\n')).not.toMatch(/from users where email/i);
  });

  it('asking for another address', async () => {
    const signIn = async (): Promise<Browser> => {
      const browser = await aVisitor();
      await browser.post(
        '/sessions',
        { email: await accounts.member(), password: PASSWORD },
        { 'x-forwarded-for': `2001:db8:${randomUUID().slice(0, 4)}::1` },
      );
      return browser;
    };
    const ask = async (email: string): Promise<Trace> =>
      trace('/email-changes', { email, password: PASSWORD }, await signIn());
    await ask(anEmail());
    const traces = {
      free: await ask(anEmail()),
      taken: await ask(await accounts.member()),
      unconfirmed: await ask(await accounts.unconfirmed()),
    };
    await expectAlike(traces);
    expect(traces.free.work.join('\n')).not.toMatch(/from users where email/i);
  });

  it('and once an address is over its limit, the answer stays and nothing comes of it', async () => {
    for (const email of [await accounts.member(), anEmail()]) {
      const [traces, address] = [[] as Trace[], anAddress()];
      for (let i = 0; i < 5; i += 1) traces.push(await trace('/password-resets', { email }, undefined, address));
      expect(new Set(traces.map(({ answer }) => withoutCount(answer))).size).toBe(1);
      expect(traces[4]?.work).toEqual(traces[0]?.work);
      const digest = auth.app.get(AuthRequestService, { strict: false }).digestOf(email);
      const sql = 'SELECT throttled FROM auth_requests WHERE email_digest = $1 ORDER BY created_at';
      const asked = await auth.app.get(Database).query<{ throttled: boolean }>(sql, [digest]);
      expect(asked.map(({ throttled }) => throttled)).toEqual([false, false, false, true, true]);
    }
  });

  it('and the sixth try is refused alike', async () => {
    for (const email of [await accounts.member(), anEmail()]) {
      const visitor = await aVisitor();
      const statuses = [];
      for (let i = 0; i < 7; i += 1)
        statuses.push(
          (await visitor.post('/sessions', { email, password: 'wrong' }, { 'x-forwarded-for': '192.0.2.1' })).status,
        );
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    }
  });
});

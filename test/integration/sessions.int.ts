import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SessionRevoked } from '../../src/auth/auth.events.js';
import { SessionService } from '../../src/auth/session.service.js';
import { UserService } from '../../src/auth/user.service.js';
import { DomainEvents } from '../../src/platform/events/domain-events.js';
import { Database } from '../../src/platform/postgres/database.js';
import { HandshakeVerifier } from '../../src/platform/realtime/handshake-verifier.port.js';
import { startAuthApp } from '../support/auth-app.js';
import type { AuthApp } from '../support/auth-app.js';
import { Browser, aGuest } from '../support/browser.js';

let auth: AuthApp;
let database: Database;
let revoked: SessionRevoked[];

beforeAll(async () => {
  auth = await startAuthApp({ GUEST_IDLE_SECONDS: '60' });
  database = auth.app.get(Database);
  revoked = [];
  auth.app.get(DomainEvents).on(SessionRevoked, (event) => void revoked.push(event));
}, 60_000);
afterAll(() => auth?.stop());

const aBrowser = (): Browser => new Browser(auth.url);
const tokenOf = ({ cookie }: Browser): string => cookie.split('=')[1] ?? '';
const auditOf = (event: string): Promise<{ result: string; reason: string; actor: string; request_id: string }[]> =>
  database.query('SELECT * FROM audit_events WHERE event = $1', [event]);

describe('guests and sessions', () => {
  it('makes a guest and signs them in, with a normalised profile and a new session', async () => {
    const browser = await aBrowser().arrive();
    const before = { ...browser };
    const answer = await browser.becomeGuest({
      nickname: ` Zoe\u0308${' '.repeat(24)}`,
      interests: ['Chess', 'chess'],
      seeks: null,
    });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      user: {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        kind: 'guest',
        profile: { nickname: 'Zoë', ageBand: '25-34', languages: ['en'], interests: ['chess'] },
      },
      csrfToken: expect.stringMatching(/^test\.[\w-]{43}$/),
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^stoa_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/,
    );
    expect(browser.cookie).not.toBe(before.cookie);
    expect(browser.csrfToken).not.toBe(before.csrfToken);
    expect((await browser.get('/me')).body).toEqual(answer.body);
  });

  it('stores the hash of the token only', async () => {
    const browser = aBrowser();
    await browser.becomeGuest();
    const rows = await database.query<{ row: string }>('SELECT sessions::text AS row FROM sessions');
    expect(rows.some(({ row }) => row.includes(tokenOf(browser)))).toBe(false);
  });

  it('refuses a guest who is no adult, unknown fields and texts that are empty once normalised', async () => {
    const browser = await aBrowser().arrive();
    const refusals = [
      [{ ...aGuest, adult: false }, 'adult', 'choice'],
      [{ ...aGuest, adult: undefined }, 'adult', 'required'],
      [{ ...aGuest, role: 'admin' }, 'role', 'unknown'],
      [{ ...aGuest, nickname: '\u202E\u200B' }, 'nickname', 'length'],
      [{ ...aGuest, nickname: 'e\u0301'.repeat(25) }, 'nickname', 'length'],
      [{ ...aGuest, interests: ['ok', 'x'.repeat(25)] }, 'interests.1', 'length'],
    ] as const;
    for (const [body, field, code] of refusals) {
      const answer = await browser.post('/guests', body);
      expect(answer.status).toBe(422);
      expect(answer.body).toMatchObject({ code: 'INPUT_INVALID', errors: [{ field, code }] });
    }
  });

  it('searches by the profile where a wish says null, or nothing', async () => {
    const browser = aBrowser();
    const { user } = (await browser.becomeGuest({ seeks: { genders: ['man'] }, interests: ['go'] })).body;
    const users = auth.app.get(UserService);
    for (const wish of [{}, { seeks: null, interests: null, languages: null }])
      expect(await users.wishOf(user.id, wish as never)).toMatchObject({
        seeks: { genders: ['man'] },
        interests: ['go'],
        languages: ['en'],
      });
    expect((await users.wishOf(user.id, { seeks: {} })).seeks).toBeUndefined();
  });

  it('changes what is present, keeps what is absent, removes what is null', async () => {
    const browser = aBrowser();
    await browser.becomeGuest({ nickname: 'Ada', gender: 'woman', seeks: { genders: ['man'] } });
    const answer = await browser.ask('PATCH', '/me', { body: { nickname: null, interests: ['Go'], ageBand: null } });
    expect(answer.status).toBe(200);
    expect(answer.body.user.profile).toEqual({
      gender: 'woman',
      ageBand: '25-34',
      languages: ['en'],
      interests: ['go'],
      seeks: { genders: ['man'] },
    });
  });

  it('lists sessions, ends one of them, and leaves those of others alone', async () => {
    const [browser, stranger] = [aBrowser(), aBrowser()];
    await browser.becomeGuest();
    await stranger.becomeGuest();
    const [mine] = (await browser.get('/sessions')).body.sessions;
    const [theirs] = (await stranger.get('/sessions')).body.sessions;
    expect(mine).toMatchObject({ current: true, client: 'Another client' });
    for (const id of [theirs.id, 'x', '00000000-0000-4000-8000-000000000000'])
      expect((await browser.ask('DELETE', `/sessions/${id}`, {})).body.code).toBe('NOT_FOUND');
    expect((await stranger.get('/me')).status).toBe(200);
    const answer = await browser.ask('DELETE', '/sessions/current', {});
    expect(answer.status).toBe(204);
    expect(answer.headers.get('clear-site-data')).toBe('"cache", "cookies", "storage"');
    expect(revoked.at(-1)).toMatchObject({ sessionIds: [mine.id], reason: 'signed_out' });
    expect(await auth.app.get(SessionService).checkAlive([mine.id, theirs.id])).toEqual([
      { sessionId: mine.id, reason: 'signed_out' },
    ]);
  });

  it('replaces the session of a guest who signs in again: the old token is dead at once', async () => {
    const browser = aBrowser();
    await browser.becomeGuest();
    const old = browser.cookie;
    const { csrfToken } = browser;
    await browser.becomeGuest();
    expect((await browser.get('/me', { headers: { cookie: old } })).status).toBe(401);
    expect((await browser.post('/guests', aGuest, { 'x-csrf-token': csrfToken })).body.code).toBe('CSRF_INVALID');
  });
});

describe('the guards', () => {
  it.each([
    ['no Origin', { origin: undefined }, 403, 'ORIGIN_FORBIDDEN'],
    ['a foreign Origin', { origin: 'https://evil.example' }, 403, 'ORIGIN_FORBIDDEN'],
    ['a foreign Origin and no cookie', { origin: 'https://evil.example', cookie: undefined }, 403, 'ORIGIN_FORBIDDEN'],
    ['no CSRF token', { 'x-csrf-token': undefined }, 403, 'CSRF_INVALID'],
    ['a made-up CSRF token', { 'x-csrf-token': `test.${'A'.repeat(43)}` }, 403, 'CSRF_INVALID'],
    ['no cookie', { cookie: undefined }, 401, 'UNAUTHENTICATED'],
    ['an unknown cookie', { cookie: `stoa_session=${'A'.repeat(43)}` }, 401, 'UNAUTHENTICATED'],
    ['no cookie and no token', { cookie: undefined, 'x-csrf-token': undefined }, 401, 'UNAUTHENTICATED'],
  ])('refuses a change of /me with %s', async (_, headers, status, code) => {
    const browser = aBrowser();
    await browser.becomeGuest();
    const answer = await browser.ask('PATCH', '/me', { body: { nickname: 'X' }, headers });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  it('takes Sec-Fetch-Site: same-origin for an Origin, and nothing else', async () => {
    const browser = await aBrowser().arrive();
    const post = (site: string) => browser.post('/guests', aGuest, { origin: undefined, 'sec-fetch-site': site });
    expect((await post('cross-site')).status).toBe(403);
    expect((await post('same-origin')).status).toBe(201);
  });

  it('asks a visitor without pre-session for the CSRF token first', async () => {
    expect((await aBrowser().post('/guests', aGuest)).body.code).toBe('CSRF_INVALID');
  });

  it('refuses the CSRF token of another session', async () => {
    const [one, other] = [await aBrowser().arrive(), await aBrowser().arrive()];
    const answer = await one.post('/guests', aGuest, { 'x-csrf-token': other.csrfToken });
    expect(answer.body.code).toBe('CSRF_INVALID');
    expect(await auditOf('csrf.refuse')).not.toHaveLength(0);
  });

  it('answers 400 to two session cookies', async () => {
    const browser = aBrowser();
    await browser.becomeGuest();
    const answer = await browser.get('/me', { headers: { cookie: `${browser.cookie}; ${browser.cookie}` } });
    expect(answer.status).toBe(400);
  });

  it('refuses a suspended user everything but leaving', async () => {
    const browser = aBrowser();
    const { id } = (await browser.becomeGuest()).body.user;
    await database.query(`UPDATE users SET suspended_until = now() + interval '1 day' WHERE id = $1`, [id]);
    expect((await browser.get('/me')).body.code).toBe('SUSPENDED');
    const verifier = auth.app.get(HandshakeVerifier);
    await expect(verifier.verify(browser.cookie, browser.csrfToken)).rejects.toMatchObject({ code: 'SUSPENDED' });
    expect((await browser.ask('DELETE', '/sessions/current', {})).status).toBe(204);
  });

  it('lets a socket in by cookie and CSRF token together only', async () => {
    const [browser, visitor] = [aBrowser(), await aBrowser().arrive()];
    const { id } = (await browser.becomeGuest()).body.user;
    const verifier = auth.app.get(HandshakeVerifier);
    expect(await verifier.verify(browser.cookie, browser.csrfToken)).toMatchObject({ userId: id, kind: 'guest' });
    const refused = async (cookie: string | undefined, token: unknown, code: string) =>
      expect(verifier.verify(cookie, token)).rejects.toMatchObject({ code });
    await refused(browser.cookie, undefined, 'CSRF_INVALID');
    await refused(browser.cookie, visitor.csrfToken, 'CSRF_INVALID');
    await refused(visitor.cookie, visitor.csrfToken, 'UNAUTHENTICATED');
    await refused(undefined, browser.csrfToken, 'UNAUTHENTICATED');
  });
});

describe('the life of a session', () => {
  const setTimes = (cookie: string, change: string): Promise<unknown[]> =>
    database.query(`UPDATE sessions SET ${change} WHERE token_hash = sha256($1::bytea) RETURNING id`, [
      Buffer.from(cookie.split('=')[1] ?? ''),
    ]);
  const lifeOf = async (id: string): Promise<{ left: number; seen: number }> => {
    const [row] = await database.query<{ left: number; seen: number }>(
      `SELECT extract(epoch FROM expires_at - now())::float8 AS left, extract(epoch FROM now() - last_seen_at)::float8 AS seen
         FROM sessions WHERE id = $1`,
      [id],
    );
    return row ?? { left: 0, seen: 0 };
  };

  it('ends after the idle time, and says so to its socket', async () => {
    const browser = aBrowser();
    await browser.becomeGuest();
    const [row] = (await setTimes(browser.cookie, 'expires_at = now()')) as { id: string }[];
    expect((await browser.get('/me')).status).toBe(401);
    const sessions = auth.app.get(SessionService);
    await sessions.touch([row?.id ?? '']);
    expect(await sessions.checkAlive([row?.id ?? ''])).toEqual([{ sessionId: row?.id, reason: 'expired' }]);
  });

  it('is put off by use, at most once in a tenth of the idle time, and never past the greatest age', async () => {
    const browser = aBrowser();
    await browser.becomeGuest();
    const sessions = auth.app.get(SessionService);
    const change = "last_seen_at = now() - interval '5 s', expires_at = now() + interval '30 s'";
    const [row] = (await setTimes(browser.cookie, change)) as { id: string }[];
    const id = row?.id ?? '';
    await sessions.touch([id]);
    expect((await lifeOf(id)).left).toBeLessThan(31);
    await setTimes(browser.cookie, "last_seen_at = now() - interval '7 s'");
    await sessions.touch([id]);
    expect((await lifeOf(id)).left).toBeGreaterThan(59);
    await setTimes(
      browser.cookie,
      "last_seen_at = now() - interval '7 s', created_at = now() - interval '30 d' + interval '20 s'",
    );
    await sessions.touch([id]);
    expect((await lifeOf(id)).left).toBeLessThan(21);
  });

  it.each([-48, 48])('is put off by a request to a process whose clock is off by %d h', async (hours) => {
    const browser = aBrowser();
    await browser.becomeGuest();
    const change = "last_seen_at = now() - interval '7 s', expires_at = now() + interval '20 s'";
    const [row] = (await setTimes(browser.cookie, change)) as { id: string }[];
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + hours * 3_600_000);
    try {
      expect((await browser.get('/me')).status).toBe(200);
    } finally {
      clock.mockRestore();
    }
    await expect.poll(async () => (await lifeOf(row?.id ?? '')).left, { timeout: 5_000 }).toBeGreaterThan(50);
  });

  it('is found together with others in one query', async () => {
    const browsers = [aBrowser(), aBrowser(), aBrowser()];
    for (const browser of browsers) await browser.becomeGuest();
    const sessions = auth.app.get(SessionService);
    const found = await Promise.all([...browsers.map((b) => sessions.find(tokenOf(b))), sessions.find('nonsense')]);
    expect(new Set(found.slice(0, 3).map((s) => s?.id)).size).toBe(3);
    expect(found[3]).toBeUndefined();
  });
});

describe('the audit trail', () => {
  it('names people by a random id, joins the request, and cannot be rewritten', async () => {
    const browser = aBrowser();
    const answer = await browser.becomeGuest();
    const rows = (await auditOf('guest.create')).filter((r) => r.request_id === answer.headers.get('x-request-id'));
    expect(rows).toHaveLength(1);
    expect(rows[0]?.actor).toMatch(/^[\da-f-]{36}$/);
    expect(rows[0]?.actor).not.toBe(answer.body.user.id);
    await expect(database.query('UPDATE audit_events SET event = $1', ['x'])).rejects.toThrow(/permission denied/);
    await expect(database.query('DELETE FROM audit_events')).rejects.toThrow(/permission denied/);
  });
});

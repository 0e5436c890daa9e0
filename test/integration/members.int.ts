import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuthRequestHandler } from '../../src/auth/auth-request.handler.js';
import { AuthRequestRepository } from '../../src/auth/auth-request.repository.js';
import { AuthRequestService } from '../../src/auth/auth-request.service.js';
import { AuthSweep } from '../../src/auth/auth-sweep.js';
import { SessionRevoked } from '../../src/auth/auth.events.js';
import { AnswerTimes } from '../../src/auth/latency-floor.js';
import { PasswordHasher } from '../../src/auth/password-hasher.js';
import { GivenUp } from '../../src/cleanup/given-up.service.js';
import { DomainEvents } from '../../src/platform/events/domain-events.js';
import { Log } from '../../src/platform/logging/log.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { JobProducer } from '../../src/platform/queue/job-producer.js';
import { Mailer } from '../../src/platform/mail/mailer.js';
import { Database } from '../../src/platform/postgres/database.js';
import { KeyRing } from '../../src/platform/secrets/key-ring.js';
import { startAuthApp } from '../support/auth-app.js';
import type { AuthApp, MailFile } from '../support/auth-app.js';
import { Browser } from '../support/browser.js';

let auth: AuthApp;
let database: Database;
const revoked: SessionRevoked[] = [];
const password = 'correct horse battery staple';

beforeAll(async () => {
  auth = await startAuthApp({}, { worker: true });
  Object.assign(auth.app.get(AnswerTimes), { floorMs: 0, stepMs: 0 });
  database = auth.app.get(Database);
  auth.app.get(DomainEvents).on(SessionRevoked, (event) => void revoked.push(event));
});
afterAll(() => auth?.stop());

const aBrowser = (): Promise<Browser> => new Browser(auth.url).arrive();
const anEmail = (): string => `user-${randomUUID()}@example.com`;

/** The newest mail of a kind to an address, once it has come. */
async function mailTo(to: string, kind: string): Promise<MailFile> {
  const find = (): MailFile | undefined => auth.mails().findLast((mail) => mail.to === to && mail.kind === kind);
  await vi.waitFor(() => expect(find()).toBeDefined(), { timeout: 10_000, interval: 50 });
  return find() as MailFile;
}

/** Until the worker has decided everything that was asked. */
const settled = (): Promise<void> =>
  vi.waitFor(
    async () => {
      const rows = await database.query('SELECT FROM auth_requests WHERE handled_at IS NULL');
      expect(rows).toHaveLength(0);
    },
    { timeout: 10_000, interval: 50 },
  );

async function aMember(email = anEmail(), browser?: Browser): Promise<{ browser: Browser; email: string; id: string }> {
  const at = browser ?? (await aBrowser());
  expect((await at.post('/registrations', { email, password })).status).toBe(202);
  const { token } = await mailTo(email, 'confirm-registration');
  const answer = await at.post('/registrations/confirm', { token });
  expect(answer.status).toBe(200);
  return { browser: at, email, id: answer.body.user.id };
}

describe('registration', () => {
  it('makes a member by the mailed token, once, with a new session', async () => {
    const browser = await aBrowser();
    const email = anEmail();
    const asked = await browser.post('/registrations', { email, password });
    expect([asked.status, asked.text]).toEqual([202, '{"status":"accepted"}']);
    const mail = await mailTo(email, 'confirm-registration');
    expect(mail.text).toContain(`http://stoa.test/confirm#token=${mail.token}\n`);
    expect(mail.text).toMatch(/asked on \d+ \w{3,4} \d{4},? (at )?\d\d:\d\d UTC to register at Stoa/);
    expect(mail.text).toContain('do not open the link');
    const joined = await database.query<{ event: string }>('SELECT event FROM audit_events WHERE request_id = $1', [
      asked.headers.get('x-request-id'),
    ]);
    expect(joined.map(({ event }) => event)).toEqual(['registration.ask', 'token.give']);
    const before = browser.cookie;
    const answer = await browser.post('/registrations/confirm', { token: mail.token });
    expect(answer.body).toMatchObject({ user: { kind: 'member', email }, csrfToken: expect.any(String) });
    expect(browser.cookie).not.toBe(before);
    expect((await browser.get('/me')).body.user.email).toBe(email);
    expect((await browser.post('/registrations/confirm', { token: mail.token })).body.code).toBe('TOKEN_INVALID');
  });

  it('lets a guest keep id and profile, and ends the sessions of the guest', async () => {
    const browser = await aBrowser();
    const guest = (await browser.becomeGuest({ nickname: 'Ada', interests: ['engines'] })).body.user;
    const old = browser.cookie;
    const { id } = await aMember(anEmail(), browser);
    const { user } = (await browser.get('/me')).body;
    expect(user).toMatchObject({ id: guest.id, kind: 'member', profile: guest.profile });
    expect(id).toBe(guest.id);
    expect((await browser.get('/me', { headers: { cookie: old } })).status).toBe(401);
    expect(revoked.some(({ userId }) => userId === id)).toBe(true);
  });

  it('answers the same for a known address, and mails its owner once a day', async () => {
    const { email } = await aMember();
    const browser = await aBrowser();
    const answers = [];
    for (const spelling of [email, email.toUpperCase(), ` ${email}`])
      answers.push(await browser.post('/registrations', { email: spelling, password }));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['{"status":"accepted"}']));
    await mailTo(email, 'account-exists');
    await settled();
    expect(
      auth
        .mails()
        .filter((m) => m.to === email)
        .map((m) => m.kind)
        .sort(),
    ).toEqual(['account-exists', 'confirm-registration']);
  });

  it('gives an address to the first of two who wanted it', async () => {
    const email = anEmail();
    const [one, other] = [await aBrowser(), await aBrowser()];
    for (const browser of [one, other]) {
      await browser.post('/registrations', { email, password });
      await settled();
    }
    const tokens = auth
      .mails()
      .filter((mail) => mail.to === email)
      .map(({ token }) => token);
    expect(new Set(tokens).size).toBe(2);
    const statuses = await Promise.all([
      one.post('/registrations/confirm', { token: tokens[0] }),
      other.post('/registrations/confirm', { token: tokens[1] }),
    ]);
    expect(statuses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
    expect(await database.query('SELECT FROM users WHERE email_norm = $1', [email])).toHaveLength(1);
  });

  it.each([
    [{ email: 'nobody', password }, 'email', 'format'],
    [{ email: 'a@b.example\r\nBcc: c@d.example', password }, 'email', 'format'],
    [{ email: 'ada@example.com', password: 'short' }, 'password', 'length'],
    [{ email: 'ada@example.com', password: 'leavemealone' }, 'password', 'choice'],
    [{ email: 'ada.lovelace@example.com', password: 'ada.lovelace99' }, 'password', 'choice'],
    [{ email: 'ada@example.com', password, role: 'admin' }, 'role', 'unknown'],
  ])('refuses %j', async (body, field, code) => {
    const answer = await (await aBrowser()).post('/registrations', body);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toEqual([{ field, code }]);
    expect(answer.text).not.toContain(body.email);
  });
});

describe('signing in', () => {
  it('opens a new session for the right password only', async () => {
    const { email, id } = await aMember();
    const browser = await aBrowser();
    const before = browser.cookie;
    expect((await browser.post('/sessions', { email, password: `${password}!` })).body.code).toBe('LOGIN_FAILED');
    expect(browser.cookie).toBe(before);
    const answer = await browser.post('/sessions', { email: email.toUpperCase(), password });
    expect([answer.status, answer.body.user.id]).toEqual([200, id]);
    expect(browser.cookie).not.toBe(before);
    expect((await browser.get('/sessions')).body.sessions).toHaveLength(2);
  });

  it('answers unknown, wrong, unconfirmed and suspended with the same bytes and headers', async () => {
    const [known, suspended] = [await aMember(), await aMember()];
    await database.query(`UPDATE users SET suspended_until = now() + interval '1 d' WHERE id = $1`, [suspended.id]);
    const unconfirmed = anEmail();
    const browser = await aBrowser();
    await browser.post('/registrations', { email: unconfirmed, password });
    await mailTo(unconfirmed, 'confirm-registration');
    const tries = [
      { email: anEmail(), password },
      { email: known.email, password: `${password}!` },
      { email: unconfirmed, password },
      { email: suspended.email, password },
      { email: 'not an address', password },
    ];
    const answers = [];
    for (const body of tries) answers.push(await browser.post('/sessions', body));
    const shapes = answers.map(({ status, body, headers }) => {
      const { instance, requestId, ...rest } = body;
      expect(instance).toBe(`urn:stoa:req:${requestId}`);
      const names = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
      return JSON.stringify([status, rest, names]);
    });
    expect(answers[0]?.status).toBe(401);
    expect(new Set(shapes).size).toBe(1);
  });

  it('confirms a registration again, at most three times a day, when its password comes before its confirmation', async () => {
    const email = anEmail();
    const browser = await aBrowser();
    await browser.post('/registrations', { email, password });
    const { token: first } = await mailTo(email, 'confirm-registration');
    const confirmations = (): MailFile[] => auth.mails().filter((mail) => mail.to === email);
    expect((await browser.post('/sessions', { email, password: `${password}!` })).status).toBe(401);
    await settled();
    expect(confirmations()).toHaveLength(1);
    for (let i = 0; i < 5; i += 1)
      expect((await browser.post('/sessions', { email: email.toUpperCase(), password })).body.code).toBe(
        'LOGIN_FAILED',
      );
    await settled();
    expect(confirmations().map(({ kind }) => kind)).toEqual(Array(4).fill('confirm-registration'));
    const tokens = confirmations().map(({ token }) => token);
    expect(new Set(tokens).size).toBe(4);
    const fresh = tokens.find((token) => token !== first);
    expect((await browser.post('/registrations/confirm', { token: fresh })).body.user.email).toBe(email);
    expect((await browser.post('/registrations/confirm', { token: first })).body.code).toBe('TOKEN_INVALID');
    expect((await (await aBrowser()).post('/sessions', { email, password })).status).toBe(200);
  });

  it('tells the owner of the tenth failure within an hour, once a day, and nobody where there is no owner', async () => {
    const { email } = await aMember();
    const stranger = anEmail();
    const browser = await aBrowser();
    const fail = async (to: string, count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1)
        expect((await browser.post('/sessions', { email: to, password: 'wrong' })).status).toBe(401);
      await settled();
    };
    const notices = (): string[] => auth.mails().flatMap(({ to, kind }) => (kind === 'failed-sign-ins' ? [to] : []));
    await fail(email, 9);
    await fail(stranger, 12);
    expect(notices()).toEqual([]);
    await fail(email, 1);
    expect(notices()).toEqual([email]);
    await fail(email, 3);
    expect(notices()).toEqual([email]);
    const kept = await database.query(
      `SELECT FROM auth_requests WHERE kind = 'failed_sign_in' AND notice IS NULL AND delete_after > created_at + interval '1 hour'`,
    );
    expect(kept).toEqual([]);
  });

  it('hashes again with the parameters of today, after the answer', async () => {
    const { email, id } = await aMember();
    const hasher = auth.app.get(PasswordHasher, { strict: false });
    const isOutdated = vi.spyOn(hasher, 'isOutdated').mockReturnValueOnce(true);
    const hashOf = async () => (await database.query('SELECT password_hash FROM users WHERE id = $1', [id]))[0];
    const before = await hashOf();
    expect((await (await aBrowser()).post('/sessions', { email, password })).status).toBe(200);
    await vi.waitFor(async () => expect(await hashOf()).not.toEqual(before), { timeout: 5_000 });
    isOutdated.mockRestore();
    expect((await (await aBrowser()).post('/sessions', { email, password })).status).toBe(200);
  });
});

describe('a forgotten password', () => {
  it('is replaced by the mailed token, ends every session, tells the owner, and signs nobody in', async () => {
    const { email, id, browser } = await aMember();
    const elsewhere = await aBrowser();
    await elsewhere.post('/sessions', { email, password });
    const visitor = await aBrowser();
    expect((await visitor.post('/password-resets', { email })).text).toBe('{"status":"accepted"}');
    const { token, text } = await mailTo(email, 'reset-password');
    expect(text).toContain(`http://stoa.test/reset#token=${token}\n`);
    const next = 'another quite long phrase';
    expect((await visitor.post('/password-resets/confirm', { token, password: 'short' })).status).toBe(422);
    const answer = await visitor.post('/password-resets/confirm', { token, password: next });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([204, null]);
    for (const signedIn of [browser, elsewhere]) expect((await signedIn.get('/me')).status).toBe(401);
    expect(revoked.at(-1)).toMatchObject({ userId: id, sessionIds: [expect.any(String), expect.any(String)] });
    await mailTo(email, 'password-changed');
    expect((await visitor.post('/sessions', { email, password })).status).toBe(401);
    expect((await visitor.post('/sessions', { email, password: next })).status).toBe(200);
  });

  it('does not take the name of the address for a password, and the token is still good', async () => {
    const { email } = await aMember();
    const visitor = await aBrowser();
    await visitor.post('/password-resets', { email });
    const { token } = await mailTo(email, 'reset-password');
    const confirm = (next: string) => visitor.post('/password-resets/confirm', { token, password: next });
    const refused = await confirm(email.split('@')[0] ?? '');
    expect([refused.status, refused.body.errors]).toEqual([422, [{ field: 'password', code: 'choice' }]]);
    expect((await confirm('another quite long phrase')).status).toBe(204);
  });

  it('uses a token once, however many come at once', async () => {
    const { email } = await aMember();
    const visitor = await aBrowser();
    await visitor.post('/password-resets', { email });
    const { token } = await mailTo(email, 'reset-password');
    const confirm = () => visitor.post('/password-resets/confirm', { token, password: 'another quite long phrase' });
    const answers = await Promise.all(Array.from({ length: 20 }, confirm));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    expect(answers.filter(({ body }) => body?.code === 'TOKEN_INVALID')).toHaveLength(19);
  });

  it('answers the same for an unknown address, and mails nobody', async () => {
    const email = anEmail();
    const answer = await (await aBrowser()).post('/password-resets', { email });
    expect([answer.status, answer.text]).toEqual([202, '{"status":"accepted"}']);
    await settled();
    expect(auth.mails().filter(({ to }) => to === email)).toEqual([]);
  });

  it('refuses unknown, expired and foreign tokens, and those asked for before another change, alike', async () => {
    const { email } = await aMember();
    const visitor = await aBrowser();
    const tokens: string[] = ['x', 'A'.repeat(43)];
    for (let i = 0; i < 3; i += 1) {
      await visitor.post('/password-resets', { email });
      await settled();
    }
    const mailed = auth.mails().filter((mail) => mail.to === email && mail.kind === 'reset-password');
    const [expired = '', good = '', late = ''] = mailed.map(({ token }) => token);
    await database.query(`UPDATE auth_requests SET expires_at = now() WHERE token_hash = sha256($1::bytea)`, [
      Buffer.from(expired),
    ]);
    const confirm = (token: string) =>
      visitor.post('/password-resets/confirm', { token, password: 'another quite long phrase' });
    expect((await confirm(good)).status).toBe(204);
    tokens.push(expired, good, late);
    for (const token of tokens) expect((await confirm(token)).body.code).toBe('TOKEN_INVALID');
    const other = anEmail();
    await visitor.post('/registrations', { email: other, password });
    expect((await confirm((await mailTo(other, 'confirm-registration')).token)).body.code).toBe('TOKEN_INVALID');
  });
});

describe('another address', () => {
  it('is asked with the password, confirmed from the new one by the same member, and told to the old one', async () => {
    const { email, id, browser } = await aMember();
    const next = anEmail();
    expect((await browser.post('/email-changes', { email: next, password: 'wrong' })).body.code).toBe('LOGIN_FAILED');
    expect((await browser.post('/email-changes', { email: next, password })).text).toBe('{"status":"accepted"}');
    const { token, text } = await mailTo(next, 'confirm-email-change');
    expect(text).toContain(`http://stoa.test/email-change#token=${token}\n`);
    await mailTo(email, 'email-change-asked');
    const stranger = (await aMember()).browser;
    expect((await stranger.post('/email-changes/confirm', { token })).body.code).toBe('TOKEN_INVALID');
    const before = browser.cookie;
    const answer = await browser.post('/email-changes/confirm', { token });
    expect(answer.body.user).toMatchObject({ id, email: next });
    expect(browser.cookie).not.toBe(before);
    await mailTo(email, 'email-changed');
    expect((await (await aBrowser()).post('/sessions', { email, password })).status).toBe(401);
    expect((await (await aBrowser()).post('/sessions', { email: next, password })).status).toBe(200);
  });

  it('answers the same when it is taken, and tells its owner only', async () => {
    const [ada, bob] = [await aMember(), await aMember()];
    const answer = await ada.browser.post('/email-changes', { email: bob.email, password });
    expect([answer.status, answer.text]).toEqual([202, '{"status":"accepted"}']);
    await mailTo(bob.email, 'account-exists');
    await settled();
    expect(auth.mails().some(({ to, kind }) => to === ada.email && kind !== 'confirm-registration')).toBe(false);
  });

  it('is nothing for guests', async () => {
    const browser = await aBrowser();
    await browser.becomeGuest();
    expect((await browser.post('/email-changes', { email: anEmail(), password })).body.code).toBe('FORBIDDEN');
  });
});

describe('the outbox', () => {
  it('forgets an address by every key of the ring: what waits may be older than the key in front', async () => {
    const email = anEmail();
    const [old, young] = ['old', 'young'].map((kid) => ({ kid, secret: randomBytes(32) }));
    const aDesk = (...keys: unknown[]) =>
      new AuthRequestService(
        auth.app.get(AuthRequestRepository, { strict: false }),
        new KeyRing({ keys } as never),
        auth.app.get(JobProducer),
        auth.app.get(Log),
      );
    const [before, during] = [aDesk(old), aDesk(young, old)];
    for (const desk of [before, during])
      await database.transaction((transaction) => desk.submit(transaction, { kind: 'failed_sign_in', email }));
    const waiting = () =>
      database.query('SELECT FROM auth_requests WHERE email_digest = ANY ($1)', [
        [before.digestOf(email), during.digestOf(email)],
      ]);
    expect(await waiting()).toHaveLength(2);
    await database.transaction((transaction) => during.forget(transaction, email));
    expect(await waiting()).toEqual([]);
  });

  it('keeps no address, password or token in the clear, and no token once its mail has left', async () => {
    const browser = await aBrowser();
    const email = anEmail();
    await browser.post('/registrations', { email, password });
    const { token } = await mailTo(email, 'confirm-registration');
    await settled();
    const rows = await database.query<{ row: string; sealed: string | null }>(
      'SELECT r::text AS row, token_sealed AS sealed FROM auth_requests r',
    );
    expect(rows.some(({ row }) => row.includes(email) || row.includes(password) || row.includes(token))).toBe(false);
    expect(rows.every(({ sealed }) => sealed === null)).toBe(true);
  });

  it('tries again after a failure and mails the same token, also when the job was lost', async () => {
    const mailer = auth.app.get(Mailer);
    const texts: string[] = [];
    const send = vi.spyOn(mailer, 'send').mockImplementation((mail) => {
      texts.push(mail.text);
      return texts.length < 3 ? Promise.reject(new Error('no server')) : Promise.resolve();
    });
    await (await aBrowser()).post('/registrations', { email: anEmail(), password });
    await settled();
    send.mockRestore();
    expect(texts).toHaveLength(3);
    expect(new Set(texts).size).toBe(1);
  });

  it('mails no link that is over by the time the server takes it', async () => {
    const { email } = await aMember();
    const send = vi.spyOn(auth.app.get(Mailer), 'send').mockRejectedValueOnce(new Error('no server'));
    vi.spyOn(auth.app.get(AuthRequestService), 'wake').mockReturnValueOnce();
    await (await aBrowser()).post('/password-resets', { email });
    const [row] = await database.query<{ id: string }>('SELECT id FROM auth_requests WHERE handled_at IS NULL');
    const handle = () => auth.app.get(AuthRequestHandler).handle(row?.id ?? '');
    await expect(handle()).rejects.toThrow('no server');
    await database.query(`UPDATE auth_requests SET expires_at = now() - interval '1 s' WHERE id = $1`, [row?.id]);
    await handle();
    expect(send).toHaveBeenCalledTimes(1);
    send.mockRestore();
    await settled();
    expect(auth.mails().filter(({ to, kind }) => to === email && kind === 'reset-password')).toEqual([]);
  });

  it('is given up in the end, where the transport always rejects: ever more seldom, seen by its metric, without a loop', async () => {
    await settled();
    vi.spyOn(auth.app.get(AuthRequestService), 'wake').mockReturnValueOnce();
    const send = vi.spyOn(auth.app.get(Mailer), 'send').mockRejectedValue(new Error('no server'));
    const add = vi.spyOn(auth.app.get(JobProducer), 'add').mockResolvedValue();
    await (await aBrowser()).post('/registrations', { email: anEmail(), password });
    await database.query(`UPDATE auth_requests SET created_at = now() - interval '6 s' WHERE handled_at IS NULL`);
    const pauses: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      await auth.app.get(AuthSweep).run();
      const put = add.mock.calls.length;
      await auth.app.get(AuthSweep).run(); // at once: too early
      expect(add.mock.calls.length).toBe(put);
      for (const [, , payload] of add.mock.calls.slice(pauses.length))
        await expect(
          auth.app.get(AuthRequestHandler).handle((payload as { requestId: string }).requestId),
        ).rejects.toThrow();
      const [row] = await database.query<{ pause: number; dead: boolean }>(
        `SELECT round(extract(epoch FROM next_try_at - now()))::int AS pause, given_up_at IS NOT NULL AS dead
           FROM auth_requests WHERE handled_at IS NULL`,
      );
      if (row?.dead) break;
      pauses.push(row?.pause ?? 0);
      await database.query('UPDATE auth_requests SET next_try_at = now() WHERE handled_at IS NULL');
    }
    const metrics = new Metrics();
    expect(new GivenUp(database, metrics)).toBeDefined();
    const shown = await metrics.registry.metrics();
    const sends = send.mock.calls.length;
    for (const spy of [send, add]) spy.mockRestore();
    await database.query('DELETE FROM auth_requests WHERE given_up_at IS NOT NULL');
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]);
    expect(sends).toBe(pauses.length);
    expect(shown).toContain('stoa_given_up_rows{what="auth_requests"} 1');
  });

  it('is swept: a request whose job never came is put back', async () => {
    const wake = vi.spyOn(auth.app.get(AuthRequestService), 'wake').mockReturnValue();
    const email = anEmail();
    await (await aBrowser()).post('/registrations', { email, password });
    wake.mockRestore();
    await auth.app.get(AuthSweep).run();
    expect(await database.query('SELECT FROM auth_requests WHERE handled_at IS NULL')).toHaveLength(1);
    await database.query(`UPDATE auth_requests SET created_at = now() - interval '6 s' WHERE handled_at IS NULL`);
    await auth.app.get(AuthSweep).run();
    await mailTo(email, 'confirm-registration');
  });
});

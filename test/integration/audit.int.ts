import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Audit } from '../../src/platform/audit/audit.js';
import type { AuditEntry } from '../../src/platform/audit/audit.js';
import { Database } from '../../src/platform/postgres/database.js';
import { runInContext } from '../../src/platform/request-context/request-context.js';
import { Accounts } from '../support/accounts.js';
import { startAuthApp } from '../support/auth-app.js';
import type { AuthApp } from '../support/auth-app.js';

let auth: AuthApp;
let audit: Audit;
let people: { id: string; auditId: string }[];

beforeAll(async () => {
  auth = await startAuthApp();
  audit = auth.app.get(Audit);
  const accounts = await Accounts.of(auth);
  const emails = [await accounts.member(), await accounts.member()];
  const sql = 'SELECT id, audit_id::text AS "auditId" FROM users WHERE email = ANY ($1)';
  people = await auth.app.get(Database).query(sql, [emails]);
});
afterAll(() => auth?.stop());

const rowsOf = (event: string) =>
  auth.app
    .get(Database)
    .query('SELECT actor, ip_hash AS "ipHash", reason FROM audit_events WHERE event = $1 ORDER BY reason, actor', [
      event,
    ]);

describe('tallies', () => {
  it('tell people apart who share an address, at once and at the minute’s end, and write no row for each', async () => {
    const event = `test.${randomUUID()}`;
    const entry: AuditEntry = { event, result: 'refused', reason: 'WHY' };
    const [ada, bob] = people;
    for (const [person, times] of [
      [ada, 30],
      [bob, 2],
    ] as const)
      for (let i = 0; i < times; i += 1)
        runInContext({ requestId: randomUUID(), ipHash: 'here', userId: person?.id ?? '' }, () => audit.tally(entry));
    const first = people.map(({ auditId }) => ({ actor: auditId, ipHash: 'here', reason: 'WHY' }));
    await vi.waitFor(async () => expect(await rowsOf(event)).toHaveLength(2));
    expect(await rowsOf(event)).toEqual(expect.arrayContaining(first));
    await audit.onApplicationShutdown();
    expect(await rowsOf(event)).toEqual(
      expect.arrayContaining([
        ...first,
        { actor: ada?.auditId, ipHash: 'here', reason: 'WHY x29' },
        { actor: bob?.auditId, ipHash: 'here', reason: 'WHY x1' },
      ]),
    );
    expect(await rowsOf(event)).toHaveLength(4);
  });

  it('name nobody where the entry says so', async () => {
    const event = `test.${randomUUID()}`;
    const context = { requestId: randomUUID(), ipHash: 'here', userId: people[0]?.id ?? '' };
    runInContext(context, () => audit.tally({ event, actor: null, reason: 'WHY' }));
    await vi.waitFor(async () => expect(await rowsOf(event)).toEqual([{ actor: null, ipHash: 'here', reason: 'WHY' }]));
  });
});

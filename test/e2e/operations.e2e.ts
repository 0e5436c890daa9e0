import { spawnSync } from 'node:child_process';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/database.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { meet } from '../support/person.js';

const STAFF_PASSWORD = 'a-password-of-the-staff-that-is-long';

let deployment: Deployment;
beforeAll(async () => {
  deployment = await deploy({ apis: 2, workers: 1, env: { STAFF_PASSWORD } });
});
afterAll(() => deployment.stop());

/** Value of the one sample of a process that carries exactly these labels; NaN when there is none. */
async function valueOf(process: { metrics: () => Promise<string> }, sample: string): Promise<number> {
  const line = (await process.metrics()).split('\n').find((text) => text.startsWith(`${sample} `));
  return Number(line?.slice(sample.length));
}

describe('metrics tell what happens:', () => {
  it('a match and a message', async () => {
    const [here, there] = deployment.apis as [Deployment['apis'][0], Deployment['apis'][0]];
    const [worker] = deployment.workers as [Deployment['workers'][0]];
    const { ada, adas, bob } = await meet([here.url, there.url]);
    await ada.say(adas, 'seen by nobody but the two');
    await bob.next('message:new');
    expect(await valueOf(here, 'stoa_presence_connections')).toBe(1);
    expect(await valueOf(there, 'stoa_presence_connections')).toBe(1);
    expect(await valueOf(here, 'stoa_chat_appended_total{outcome="stored"}')).toBe(1);
    expect(await valueOf(here, 'stoa_socket_event_seconds_count{event="message:send"}')).toBe(1);
    expect(await valueOf(worker, 'stoa_chat_opened_total')).toBe(1);
    expect(await worker.metrics()).not.toContain('seen by nobody');
    expect(await here.metrics()).toMatch(
      /stoa_http_request_seconds_count\{method="POST",route="\/api\/v1\/guests",status="201"\} 1/,
    );
  });

  it('no ids of what was asked for', async () => {
    const [api] = deployment.apis as [Deployment['apis'][0]];
    await fetch(`${api.url}/api/v1/conversations/secret-handle/messages`);
    await fetch(`${api.url}/no/such/path`);
    const text = await api.metrics();
    expect(text).not.toContain('secret-handle');
    expect(text).not.toContain('such/path');
    expect(text).toMatch(/route="none",status="404"/);
  });

  it('queues, retention and the pool', async () => {
    const [worker] = deployment.workers as [Deployment['workers'][0]];
    for (const queue of ['cleanup', 'matching']) {
      expect(await valueOf(worker, `stoa_queue_lag_seconds{queue="${queue}"}`)).toBeLessThan(5);
      expect(await valueOf(worker, `stoa_queue_jobs{queue="${queue}",state="failed"}`)).toBe(0);
    }
    expect(await valueOf(worker, 'stoa_retention_overdue_seconds{class="conversations"}')).toBe(0);
    expect(await valueOf(worker, 'stoa_postgres_pool_size')).toBe(10);
    expect(await valueOf(worker, 'stoa_health_fault{reason="postgres"}')).toBe(0);
  });
});

describe("the operators' port of a worker", () => {
  it('tells its health', async () => {
    const [worker] = deployment.workers as [Deployment['workers'][0]];
    const answer = await fetch(`${worker.operatorUrl}/health/ready`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: 'ready', reasons: [] });
    expect((await fetch(`${worker.operatorUrl}/health/live`)).status).toBe(200);
    expect((await fetch(`${worker.operatorUrl}/elsewhere`)).status).toBe(404);
  });

  it('shows the queues to the staff and nobody else', async () => {
    const [worker] = deployment.workers as [Deployment['workers'][0]];
    const queues = `${worker.operatorUrl}/queues`;
    const as = (password: string) => ({
      authorization: `Basic ${Buffer.from(`staff:${password}`).toString('base64')}`,
    });
    const staff = as(STAFF_PASSWORD);
    expect((await fetch(queues)).status).toBe(401);
    expect((await fetch(`${queues}/api/queues`, { headers: as('guess') })).status).toBe(401);
    expect(await (await fetch(queues, { headers: staff })).text()).toContain('Stoa');
    const shown = (await (await fetch(`${queues}/api/queues`, { headers: staff })).json()) as {
      queues: { name: string }[];
    };
    expect(shown.queues.map(({ name }) => name)).toEqual(expect.arrayContaining(['cleanup', 'matching']));
    const pause = `${queues}/api/queues/cleanup/pause`;
    const foreign = { ...staff, 'sec-fetch-site': 'cross-site' };
    expect((await fetch(pause, { method: 'PUT', headers: foreign })).status).toBe(403);
    expect((await fetch(pause, { method: 'PUT', headers: { ...staff, 'sec-fetch-site': 'same-origin' } })).status).toBe(
      200,
    );
    await fetch(`${queues}/api/queues/cleanup/resume`, {
      method: 'PUT',
      headers: { ...staff, 'sec-fetch-site': 'same-origin' },
    });
    const [api] = deployment.apis as [Deployment['apis'][0]];
    expect((await fetch(`${api.operatorUrl}/queues`, { headers: staff })).status).toBe(404);
    expect((await fetch(`${api.url}/queues`, { headers: staff })).status).toBe(404);
    const database = new pg.Client({ connectionString: deployment.databaseUrl });
    await database.connect();
    const { rows } = await database.query(
      `SELECT actor, target, ip_hash IS NOT NULL AS placed FROM audit_events WHERE event = 'queue.change' ORDER BY at`,
    );
    expect(rows).toEqual([
      { actor: null, target: 'PUT /queues/api/queues/cleanup/pause', placed: true },
      { actor: null, target: 'PUT /queues/api/queues/cleanup/resume', placed: true },
    ]);
    const answers = [];
    for (let i = 0; i < 12; i += 1) answers.push(await fetch(queues, { headers: as(`guess ${i}`) }));
    // One was made above.
    expect(answers.map(({ status }) => status)).toEqual([...Array(9).fill(401), 429, 429, 429]);
    const shut = await fetch(queues, { headers: staff });
    expect([shut.status, Number(shut.headers.get('retry-after')) > 60]).toEqual([429, true]);
    const guesses = await database.query(`SELECT FROM audit_events WHERE event = 'staff.refuse'`);
    await database.end();
    expect(guesses.rowCount).toBeGreaterThan(0);
    for (const answer of [...answers, shut]) {
      expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      for (const name of ['x-content-type-options', 'x-frame-options', 'permissions-policy', 'x-request-id'])
        expect([name, answer.headers.has(name)]).toEqual([name, true]);
    }
  });
});

describe('npm run retention:report', () => {
  const report = (databaseUrl: string) =>
    spawnSync(process.execPath, ['dist/retention-report.js'], {
      env: { PATH: process.env['PATH'], ...deployment.workers[0]?.env, DATABASE_URL: databaseUrl },
      encoding: 'utf8',
    });

  it('ends with 0 while nothing is late, and with 1 and the class when something is', async () => {
    // No worker looks after this one.
    const databaseUrl = await createDatabase();
    const before = report(databaseUrl);
    expect([before.status, before.stderr]).toEqual([0, '']);
    expect(before.stdout).toMatch(/^conversations +ok/m);
    expect(before.stdout).toMatch(/^searches +ok/m);
    expect(before.stdout).not.toContain('LATE');
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(
      `INSERT INTO conversations (started_on, ended_at, end_reason, delete_after)
       VALUES (current_date, now(), 'left', now() - interval '3 hours')`,
    );
    await client.end();
    const after = report(databaseUrl);
    expect(after.status).toBe(1);
    expect(after.stdout).toMatch(/^conversations +LATE: over for 3 h 0 min/m);
  });
});

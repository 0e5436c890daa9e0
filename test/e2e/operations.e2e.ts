import { spawnSync } from 'node:child_process';
import { Queue } from 'bullmq';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUEUE_PREFIX } from '../../src/platform/queue/job-producer.js';
import { createDatabase } from '../support/database.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { meet } from '../support/person.js';

const STAFF_PASSWORD = 'a-password-of-the-staff-that-is-long';

let deployment: Deployment;
/** Of the same database as the deployment. */
let ownerUrl: string;
beforeAll(async () => {
  ownerUrl = await createDatabase();
  // All that is tested here is done by processes that sign in as a user of their own, whom the migration makes.
  const databaseUrl = Object.assign(new URL(ownerUrl), {
    username: 'stoa_process',
    password: 'of%20the%20processes',
  }).href;
  // 20 s: then retention looks every 5 s.
  const env = { STAFF_PASSWORD, MESSAGE_RETENTION_SECONDS: '20' };
  deployment = await deploy({ apis: 2, workers: 1, env, databaseUrl, migrationUrl: ownerUrl });
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
    expect(await valueOf(here, 'stoa_socket_event_seconds_count{event="message:send",outcome="ok"}')).toBe(1);
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

describe('a user of the processes who may act as stoa_app and nothing else', () => {
  it('is whom they sign in as, and has no way to the rights of the owner', async () => {
    const user = new pg.Client({ connectionString: deployment.databaseUrl });
    await user.connect();
    const { rows } = await user.query(
      `SELECT count(*) > 0 AS some, bool_and(usename = 'stoa_process') AS alone FROM pg_stat_activity
        WHERE datname = current_database() AND application_name IN ('stoa-api', 'stoa-worker')`,
    );
    expect(rows).toEqual([{ some: true, alone: true }]);
    const may = await user.query(
      `SELECT array_agg(rolname::text) AS roles FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER') AND rolname <> current_user`,
    );
    expect(may.rows).toEqual([{ roles: ['stoa_app'] }]);
    await user.query('SET ROLE stoa_app');
    await user.query('RESET ROLE');
    for (const statement of [
      'ALTER TABLE audit_events DISABLE TRIGGER ALL',
      'DELETE FROM audit_events',
      'DROP TABLE messages',
      'CREATE TABLE mine (id int)',
      'SET ROLE stoa_audit',
    ])
      await expect(user.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    await user.end();
  });

  it('forgets what is over, by rows and by partitions', async () => {
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    const {
      rows: [{ id }],
    } = await owner.query(
      `INSERT INTO conversations (started_on, ended_at, end_reason, delete_after)
       VALUES (current_date, now() - interval '1 hour', 'left', now() - interval '1 second') RETURNING id`,
    );
    const left = async () => (await owner.query('SELECT FROM conversations WHERE id = $1', [id])).rowCount;
    await expect.poll(left, { timeout: 20_000 }).toBe(0);
    const user = new pg.Client({ connectionString: deployment.databaseUrl });
    await user.connect();
    await user.query('SET ROLE stoa_app');
    await owner.query(`SELECT ensure_message_partition(DATE '2020-01-01'), ensure_audit_partition(DATE '2020-01-01')`);
    const old = async () =>
      (await owner.query(`SELECT FROM pg_class WHERE relname ~ '2020_?01' AND relkind = 'r'`)).rowCount;
    expect(await old()).toBeGreaterThan(0);
    await user.query(
      'SELECT drop_finished_message_partitions(current_date), drop_finished_audit_partitions(current_date)',
    );
    expect(await old()).toBe(0);
    await user.end();
    await owner.end();
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

  it('lets the staff retry a dead letter once its cause is mended, and remove it', async () => {
    const [worker] = deployment.workers as [Deployment['workers'][0]];
    const owner = new pg.Client({ connectionString: ownerUrl });
    await owner.connect();
    const queue = new Queue('cleanup', { connection: { url: deployment.redisUrl }, prefix: QUEUE_PREFIX });
    const stateOf = () => queue.getJobState('letter');
    const change = (what: string) =>
      fetch(`${worker.operatorUrl}/queues/api/queues/cleanup/letter/${what}`, {
        method: 'PUT',
        headers: {
          authorization: `Basic ${Buffer.from(`staff:${STAFF_PASSWORD}`).toString('base64')}`,
          'sec-fetch-site': 'same-origin',
        },
      });
    await owner.query('REVOKE SELECT, UPDATE ON participations FROM stoa_app');
    await queue.add('conversation.abandon', { payload: { conversationId: '1' } }, { jobId: 'letter', attempts: 1 });
    await expect.poll(stateOf, { timeout: 10_000 }).toBe('failed');
    expect((await queue.getJob('letter'))?.failedReason).toContain('permission denied');
    expect((await change('retry')).status).toBe(204);
    // The cause is there still: so is the letter.
    await expect.poll(async () => (await queue.getJob('letter'))?.attemptsMade, { timeout: 10_000 }).toBe(2);
    expect(await stateOf()).toBe('failed');
    await owner.query('GRANT SELECT, UPDATE ON participations TO stoa_app');
    expect((await change('retry')).status).toBe(204);
    await expect.poll(stateOf, { timeout: 10_000 }).toBe('completed');
    expect((await change('clean')).status).toBe(204);
    expect(await stateOf()).toBe('unknown');
    const { rows } = await owner.query(
      `SELECT target FROM audit_events WHERE event = 'queue.change' AND target LIKE '%/letter/%' ORDER BY at`,
    );
    expect(rows.map(({ target }) => target.split('/').at(-1))).toEqual(['retry', 'retry', 'clean']);
    await queue.close();
    await owner.end();
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
      `SELECT actor, target, ip_hash IS NOT NULL AS placed FROM audit_events WHERE event = 'queue.change' AND target NOT LIKE '%/letter/%' ORDER BY at`,
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

  it('ends with 78 and one line when it is not let in', () => {
    const { status, stdout, stderr } = report(Object.assign(new URL(ownerUrl), { password: 'wrong' }).href);
    expect([status, stdout, stderr]).toEqual([78, '', 'stoa: Postgres does not accept this process (28P01)\n']);
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

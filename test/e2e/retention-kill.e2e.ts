import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOGS, deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';

// A worker is killed in the middle of forgetting: nothing is half gone, the next one does the rest, and no log keeps what is gone.

const DUE = 6_000;
const KEPT = 100;
/** Conversations of one statement; `Retention` has the same. */
const BATCH = 500;

let deployment: Deployment;
let worker: Member;
let database: pg.Client;

beforeAll(async () => {
  // Looks every 5 s.
  deployment = await deploy({ apis: 0, workers: 1, env: { MESSAGE_RETENTION_SECONDS: '60', LOG_LEVEL: 'trace' } });
  worker = deployment.workers[0] as Member;
  await worker.stop();
  database = new pg.Client({ connectionString: deployment.databaseUrl });
  await database.connect();
  // A batch takes long enough to be hit.
  await database.query(`
    CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END';
    CREATE TRIGGER linger AFTER DELETE ON conversations FOR EACH STATEMENT EXECUTE FUNCTION linger();`);
  await plant(DUE, '-1 hour');
  await plant(KEPT, '1 hour');
});
afterAll(async () => {
  await database?.end();
  await deployment?.stop();
});

/** Ended conversations, with two members and three messages each. */
async function plant(count: number, dueIn: string): Promise<void> {
  await database.query(
    `WITH planted AS (
       INSERT INTO conversations (started_on, ended_at, end_reason, delete_after)
       SELECT current_date, now(), 'left', now() + $2::interval FROM generate_series(1, $1::int) RETURNING id, started_on
     ), members AS (
       INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, age_band, languages)
       SELECT id, slot, NULL, md5(id::text || slot), 'c4n4ry', '25-34', '{en}' FROM planted, generate_series(0, 1) AS slot
     )
     INSERT INTO messages (conversation_id, started_on, seq, slot, client_id, text, text_hash, sent_at)
     SELECT id, started_on, seq, 0, gen_random_uuid(), 'c4n4ry', '', now() FROM planted, generate_series(1, 3) AS seq`,
    [count, dueIn],
  );
}

interface Counts {
  conversations: number;
  members: number;
  messages: number;
}

async function count(): Promise<Counts> {
  const { rows } = await database.query<Counts>(
    `SELECT (SELECT count(*)::int FROM conversations) AS conversations,
            (SELECT count(*)::int FROM conversation_members) AS members, (SELECT count(*)::int FROM messages) AS messages`,
  );
  return rows[0] as Counts;
}

/** Whether a batch is being deleted at this moment. */
async function isDeleting(): Promise<boolean> {
  const { rowCount } = await database.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'WITH locked AS%'`,
  );
  return rowCount === 1;
}

async function until(condition: () => Promise<boolean>, ms: number): Promise<void> {
  for (const deadline = performance.now() + ms; !(await condition()); await sleep(20))
    if (performance.now() > deadline) throw new Error('waited in vain');
}

it('kill -9 of a worker in the middle of a batch leaves whole conversations or none, and the rest goes later', async () => {
  await worker.start();
  await until(async () => (await count()).conversations < DUE + KEPT && (await isDeleting()), 30_000);
  await worker.stop('SIGKILL');
  // Postgres finishes or undoes the statement that it was at.
  await until(async () => !(await isDeleting()), 5_000);
  const left = await count();
  expect(left.conversations).toBeGreaterThan(KEPT + BATCH);
  expect(left.members).toBe(2 * left.conversations);
  expect(left.messages).toBe(3 * left.conversations);
  expect((left.conversations - KEPT) % BATCH).toBe(0);

  await database.query('DROP TRIGGER linger ON conversations');
  await worker.start();
  await until(async () => (await count()).conversations === KEPT, 50_000);
  expect(await count()).toEqual({ conversations: KEPT, members: 2 * KEPT, messages: 3 * KEPT });
  const log = readFileSync(`${LOGS}/${worker.name}.log`, 'utf8');
  expect(log).toContain('retention.deleted');
  expect(log).not.toContain('c4n4ry');
  expect(await worker.metrics()).not.toMatch(/stoa_job_failures_total\{queue="cleanup".*\} [1-9]/);
}, 120_000);

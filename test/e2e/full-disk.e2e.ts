import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Ack } from '../../src/contracts/socket-events.js';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { meet } from '../support/person.js';
import { createSmallDisk } from '../support/small-disk.js';
import type { SmallDisk } from '../support/small-disk.js';

// The disk of Postgres is full: what is there can be read, what would grow is refused.

/** Conversations whose messages are due while the disk is full: to forget them takes new versions of their rows, and so room. */
const DUE = 400;

let disk: SmallDisk;
let deployment: Deployment;
let api: Member;
let worker: Member;
let database: pg.Client;

beforeAll(async () => {
  disk = await createSmallDisk();
  // Retention looks every 5 s.
  const env = { MESSAGE_RETENTION_SECONDS: '20' };
  deployment = await deploy({ apis: 1, workers: 1, databaseUrl: disk.databaseUrl, env });
  [api, worker] = [deployment.apis[0] as Member, deployment.workers[0] as Member];
  database = new pg.Client({ connectionString: disk.databaseUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await deployment?.stop();
  await disk?.remove();
});

const healthOf = async (member: Member): Promise<unknown> => (await fetch(`${member.operatorUrl}/health/ready`)).json();

async function allSay(health: object, timeout: number): Promise<void> {
  for (const member of [api, worker]) await expect.poll(() => healthOf(member), { timeout }).toEqual(health);
}

/** Ended conversations with two members and two messages each, to be forgotten in `dueIn`. */
async function plant(dueIn: string): Promise<void> {
  await database.query(
    `WITH planted AS (
       INSERT INTO conversations (started_on, shared_interests, ended_at, end_reason, said_delete_after, delete_after)
       SELECT current_date, '{tea}', now(), 'left', now() + $2::interval, now() + interval '1 day'
         FROM generate_series(1, $1::int) RETURNING id, started_on
     ), members AS (
       INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, age_band, languages)
       SELECT id, slot, NULL, md5(id::text || slot), 'Planted', '25-34', '{en}' FROM planted, generate_series(0, 1) AS slot
     )
     INSERT INTO messages (conversation_id, started_on, seq, slot, client_id, text, text_hash, sent_at)
     SELECT id, started_on, seq, 0, gen_random_uuid(), 'planted', '', now() FROM planted, generate_series(1, 2) AS seq`,
    [DUE, dueIn],
  );
}

/** Of the planted conversations: how many are as they were, and how many are forgotten in every row. */
async function planted(): Promise<{ whole: number; forgotten: number }> {
  const { rows } = await database.query(
    `WITH each AS (
       SELECT c.said_delete_after IS NULL AS done,
              (SELECT count(*) FROM messages m WHERE m.started_on = c.started_on AND m.conversation_id = c.id) AS said,
              (SELECT count(*) FROM conversation_members m WHERE m.conversation_id = c.id AND nickname = 'Planted') AS named
         FROM conversations c WHERE c.delete_after > now() + interval '1 hour')
     SELECT count(*) FILTER (WHERE NOT done AND said = 2 AND named = 2)::int AS whole,
            count(*) FILTER (WHERE done AND said = 0 AND named = 0)::int AS forgotten FROM each`,
  );
  return rows[0];
}

/** Runs of cleanup that failed and will run again. */
async function failedCleanups(): Promise<number> {
  const lines = (await worker.metrics()).split('\n');
  const counts = lines.filter((line) => /^stoa_job_failures_total\{queue="cleanup",.*dead="false"/.test(line));
  return counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

it('a full disk: no false acknowledgement, UNAVAILABLE, degraded with its reason, no half-done cleanup; all heals', async () => {
  const { ada, adas, bob } = await meet([api.url]);
  await ada.say(adas, 'before');
  await plant('4 seconds');
  await disk.fill();
  const acknowledged: string[] = [];
  const refused: ReturnType<typeof randomUUID>[] = [];
  // Pages have gaps: some messages still fit.
  while (refused.length === 0) {
    const clientIds = [1, 2, 3, 4].map(() => randomUUID());
    // An outcome that is not known is tried for 8 s; what the disk has no room for is refused at once.
    const patient = ada.socket!.timeout(20_000);
    const send = (clientId: string): Promise<Ack<unknown>> =>
      patient.emitWithAck('message:send', { conversationId: adas, clientId, text: 'x'.repeat(1_000) });
    for (const [i, answer] of (await Promise.all(clientIds.map(send))).entries()) {
      (answer.ok ? acknowledged : refused).push(clientIds[i]!);
      if (!answer.ok) expect(answer.error).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    }
  }
  await allSay({ status: 'degraded', reasons: ['postgres_full'] }, 10_000);
  expect(await api.metrics()).toContain('stoa_health_fault{reason="postgres_full"} 1');
  expect(await api.metrics()).toContain('stoa_health_fault{reason="postgres"} 0');
  expect((await ada.http('GET', '/me')).status).toBe(200);
  await expect.poll(failedCleanups, { timeout: 20_000 }).toBeGreaterThan(0);
  const during = await planted();
  expect(during.whole + during.forgotten).toBe(DUE);
  expect(during.whole).toBeGreaterThan(0);
  const stored = await database.query('SELECT client_id FROM messages WHERE text_hash <> $1', ['']);
  const ids = new Set(stored.rows.map(({ client_id: id }) => id as string));
  expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
  expect(refused.filter((id) => ids.has(id))).toEqual([]);

  await disk.free();
  for (const clientId of refused) await ada.say(adas, 'x'.repeat(1_000), clientId);
  await expect
    .poll(() => bob.received.filter(({ event }) => event === 'message:new').length, { timeout: 10_000 })
    .toBe(1 + acknowledged.length + refused.length);
  await allSay({ status: 'ready', reasons: [] }, 20_000);
  await expect.poll(planted, { timeout: 20_000 }).toEqual({ whole: 0, forgotten: DUE });
  for (const person of [ada, bob]) person.disconnect();
});

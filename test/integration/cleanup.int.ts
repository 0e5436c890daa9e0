import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Attendance } from '../../src/chat/attendance.service.js';
import type { OpenedConversation } from '../../src/chat/chat.types.js';
import { ConversationService } from '../../src/chat/conversation.service.js';
import { HistoryService } from '../../src/chat/history.service.js';
import { MessageService } from '../../src/chat/message.service.js';
import { cleanupJobs } from '../../src/cleanup/cleanup.jobs.js';
import { ConversationSweep } from '../../src/cleanup/conversation-sweep.service.js';
import { Retention } from '../../src/cleanup/retention.service.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { Database } from '../../src/platform/postgres/database.js';
import { JobProducer } from '../../src/platform/queue/job-producer.js';
import { REDIS } from '../../src/platform/redis/redis.tokens.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { RedisEpoch } from '../../src/platform/redis/redis-epoch.js';
import { connectionKey } from '../../src/presence/presence.keys.js';
import { AvoidanceService } from '../../src/safety/avoidance.service.js';
import { callerOf } from '../support/chat-stage.js';
import { startWorkerApp } from '../support/worker-app.js';
import type { WorkerApp } from '../support/worker-app.js';

const GRACE_MS = 1_000;

let app: WorkerApp;
let worker: WorkerApp['worker'];
let database: Database;

beforeAll(async () => {
  app = await startWorkerApp({ RECONNECT_GRACE_MS: `${GRACE_MS}`, MESSAGE_RETENTION_SECONDS: '3600' });
  ({ worker } = app);
  database = worker.get(Database);
});
afterAll(() => app.stop());

async function addUser(): Promise<string> {
  const id = randomUUID();
  await database.query(
    `INSERT INTO users (id, kind, age_band, languages, interests) VALUES ($1, 'guest', '25-34', '{en}', '{}')`,
    [id],
  );
  return id;
}

async function openConversation(): Promise<OpenedConversation> {
  const pair = { userA: await addUser(), userB: await addUser(), sharedInterests: [] };
  const [outcome] = await database.transaction((tx) => worker.get(ConversationService).open(tx, [pair]));
  if (!outcome?.opened) throw new Error('the pair was refused');
  return outcome.conversation;
}

const endOf = async ({ conversationId }: OpenedConversation): Promise<string | null | undefined> => {
  const rows = await database.query<{ end_reason: string | null }>(
    'SELECT end_reason FROM conversations WHERE id = $1',
    [conversationId],
  );
  return rows[0]?.end_reason;
};

/** Jobs that ended, or will end, graces. */
async function abandonments(): Promise<number> {
  const jobs = await worker.get(JobProducer, { strict: false }).queueOf(cleanupJobs).getJobs(['delayed', 'completed']);
  return jobs.filter(({ name }) => name === 'conversation.abandon').length;
}

const signal = new AbortController().signal;

describe('goodbyes without a word', () => {
  it('ends a conversation when the grace of a lost member is over', async () => {
    const conversation = await openConversation();
    const lostAt = performance.now();
    await worker.get(Attendance).markAway({ userId: conversation.members[0].userId, generation: 1 });
    await vi.waitUntil(async () => (await endOf(conversation)) === 'abandoned', { timeout: 8_000, interval: 50 });
    expect(performance.now() - lostAt).toBeGreaterThanOrEqual(GRACE_MS);
    expect(performance.now() - lostAt).toBeLessThan(GRACE_MS + 4_000);
  });

  it('looks once at all whose graces end together', async () => {
    const conversations = await Promise.all(Array.from({ length: 20 }, openConversation));
    const before = await abandonments();
    await Promise.all(
      conversations.flatMap(({ members }) =>
        members.map(({ userId }) => worker.get(Attendance).markAway({ userId, generation: 1 })),
      ),
    );
    for (const conversation of conversations)
      await expect.poll(() => endOf(conversation), { timeout: 8_000 }).toBe('abandoned');
    // 40 people, all gone within a step or two.
    const jobs = (await abandonments()) - before;
    expect(jobs).toBeGreaterThan(0);
    expect(jobs).toBeLessThanOrEqual(4);
  });

  it('does so without the job, by the sweep', async () => {
    const conversation = await openConversation();
    await database.query(`UPDATE participations SET away_since = now() - interval '1 minute' WHERE user_id = $1`, [
      conversation.members[1].userId,
    ]);
    await expect.poll(() => endOf(conversation), { timeout: 8_000 }).toBe('abandoned');
  });

  it('does so, a sweep later, when the job was lost with an emptied Redis', async () => {
    const conversation = await openConversation();
    const before = await abandonments();
    const lostAt = performance.now();
    await worker.get(Attendance).markAway({ userId: conversation.members[0].userId, generation: 1 });
    await vi.waitUntil(async () => (await abandonments()) > before, { timeout: 900, interval: 5 });
    await worker.get<RedisClient>(REDIS).flushall();
    await vi.waitUntil(async () => (await endOf(conversation)) === 'abandoned', { timeout: 8_000, interval: 50 });
    expect(performance.now() - lostAt).toBeGreaterThanOrEqual(GRACE_MS);
  });

  it('starts the grace of members whose process died, once Redis can be trusted', async () => {
    const { members } = await openConversation();
    const [alive, dead] = members;
    await worker
      .get<RedisClient>(REDIS)
      .hset(connectionKey(alive.userId), { process: 'p', connection: 'c', generation: 1 });
    const stable = vi.spyOn(worker.get(RedisEpoch), 'stableForMs', 'get');
    const awayOf = async (userId: string) => {
      const rows = await database.query<{ away: boolean }>(
        'SELECT away_since IS NOT NULL AS away FROM participations WHERE user_id = $1',
        [userId],
      );
      return rows[0]?.away;
    };
    stable.mockReturnValue(5_000);
    await worker.get(ConversationSweep).run();
    expect(await awayOf(dead.userId)).toBe(false);
    stable.mockReturnValue(11_000);
    await worker.get(ConversationSweep).run();
    expect(await awayOf(dead.userId)).toBe(true);
    expect(await awayOf(alive.userId)).toBe(false);
    stable.mockRestore();
  });
});

describe('retention', () => {
  it('deletes what was said with the conversation when its time is over, and not before', async () => {
    const conversation = await openConversation();
    const { conversationId, members } = conversation;
    await worker
      .get(MessageService)
      .send(callerOf(members[0].userId), { conversationId: members[0].handle, clientId: randomUUID(), text: 'secret' });
    await worker.get(ConversationService).end(conversationId, 'left', members[0].userId);
    await worker.get(Retention).deleteDue(signal);
    expect(await endOf(conversation)).toBe('left');
    await database.query(`UPDATE conversations SET delete_after = now() - interval '1 second' WHERE id = $1`, [
      conversationId,
    ]);
    await worker.get(Retention).deleteDue(signal);
    expect(await endOf(conversation)).toBeUndefined();
    expect(await database.query('SELECT FROM messages WHERE conversation_id = $1', [conversationId])).toEqual([]);
    expect(
      await database.query('SELECT FROM conversation_members WHERE conversation_id = $1', [conversationId]),
    ).toEqual([]);
  });

  it('keeps who met whom for as long as it keeps them apart and can be rated, but nothing that was said', async () => {
    const conversation = await openConversation();
    const { conversationId, members } = conversation;
    const [a, b] = members;
    await worker
      .get(MessageService)
      .send(callerOf(a.userId), { conversationId: a.handle, clientId: randomUUID(), text: 'secret' });
    await worker.get(ConversationService).end(conversationId, 'left', a.userId);
    const [row] = await database.query<{ said: number; facts: number }>(
      `SELECT extract(epoch FROM said_delete_after - ended_at)::float8 AS said, extract(epoch FROM delete_after - ended_at)::float8 AS facts
         FROM conversations WHERE id = $1`,
      [conversationId],
    );
    expect(row).toEqual({ said: 3_600, facts: 86_400 });
    await database.query(`UPDATE conversations SET said_delete_after = now() - interval '1 second' WHERE id = $1`, [
      conversationId,
    ]);
    // Nobody reads what is due, also before it is deleted.
    await expect(worker.get(HistoryService).list(callerOf(a.userId), a.handle, {})).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await worker.get(Retention).deleteDue(signal);
    expect(await endOf(conversation)).toBe('left');
    expect(await database.query('SELECT FROM messages WHERE conversation_id = $1', [conversationId])).toEqual([]);
    const shown = await database.query(
      'SELECT DISTINCT nickname, gender, age_band, languages, seen_seq FROM conversation_members WHERE conversation_id = $1',
      [conversationId],
    );
    expect(shown).toEqual([{ nickname: 'Stranger', gender: null, age_band: '', languages: [], seen_seq: 0 }]);
    const { recent } = await worker.get(AvoidanceService).of(a.userId);
    expect(recent.map(({ userId }) => userId)).toEqual([b.userId]);
    await expect(worker.get(HistoryService).list(callerOf(b.userId), b.handle, {})).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  describe('of conversations in which very much was said', () => {
    let owner: Database;
    beforeAll(async () => {
      const source = createDataSource({ url: app.databaseUrl, applicationName: 'stoa-owner', facts: {} });
      await source.initialize();
      owner = new Database(source);
    });
    afterAll(() => owner.onApplicationShutdown());

    const plant = (count: number, messages: number, due: 'said_delete_after' | 'delete_after') =>
      owner
        .query(
          `WITH planted AS (
           INSERT INTO conversations (started_on, last_seq, ended_at, end_reason, delete_after, said_delete_after)
           SELECT current_date, $2, now(), 'left', now() + interval '1 hour', now() + interval '1 hour' FROM generate_series(1, $1::int)
           RETURNING id, started_on
         ), said AS (
           INSERT INTO messages (conversation_id, started_on, seq, slot, client_id, text, text_hash, sent_at)
           SELECT id, started_on, seq, 0, gen_random_uuid(), 'x', '', now() FROM planted, generate_series(1, $2::int) AS seq
         ) SELECT FROM planted`,
          [count, messages],
        )
        .then(() =>
          owner.query(`UPDATE conversations SET ${due} = now() - interval '1 s' WHERE last_seq = $1`, [messages]),
        );
    const left = async () => {
      const [row] = await owner.query<{ messages: number; due: number }>(
        `SELECT (SELECT count(*)::int FROM messages) AS messages,
                (SELECT count(*)::int FROM conversations WHERE least(delete_after, said_delete_after) <= now()) AS due`,
      );
      return row;
    };

    it.each(['said_delete_after', 'delete_after'] as const)(
      'deletes at most 10,000 messages in one statement, also of one conversation (%s)',
      async (due) => {
        await plant(1, 25_000, due);
        await plant(30, 1_000, due);
        await owner.query(`
          CREATE TABLE batches (count int);
          CREATE FUNCTION note_batch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
            'BEGIN INSERT INTO batches SELECT count(*) FROM gone; RETURN NULL; END';
          CREATE TRIGGER note_batch AFTER DELETE ON messages REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_batch();`);
        await worker.get(Retention).deleteDue(signal);
        const [most] = await owner.query<{ most: number }>('SELECT max(count) AS most FROM batches');
        await owner.query('DROP TRIGGER note_batch ON messages; DROP FUNCTION note_batch; DROP TABLE batches');
        expect(await left()).toEqual({ messages: 0, due: 0 });
        expect(most?.most).toBe(10_000);
      },
    );
  });

  it('makes partitions ahead and drops days of which nothing is kept', async () => {
    const partitions = async () => {
      const rows = await database.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'messages'::regclass`,
      );
      return rows.map((row) => row.name);
    };
    await database.query(`SELECT ensure_message_partition('2020-01-01'), ensure_message_partition('2020-01-02')`);
    await database.query(`INSERT INTO conversations (started_on) VALUES ('2020-01-02')`);
    await worker.get(Retention).keepPartitions();
    const kept = await partitions();
    expect(kept).not.toContain('messages_20200101');
    expect(kept).toContain('messages_20200102');
    const ahead = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
    expect(kept).toContain(`messages_${ahead}`);
  });

  it('drops what is over of the audit trail while somebody holds a day of messages, and that day the next time', async () => {
    const owner = new pg.Client({ connectionString: app.databaseUrl });
    await owner.connect();
    const old = ['messages_20200101', 'audit_events_202001'];
    const left = async () => {
      const { rows } = await owner.query('SELECT relname FROM pg_class WHERE relname = ANY ($1)', [old]);
      return rows.map(({ relname }) => relname);
    };
    await owner.query(`SELECT ensure_message_partition('2020-01-01'), ensure_audit_partition('2020-01-01')`);
    await owner.query('BEGIN');
    await owner.query('SELECT FROM messages_20200101');
    // 55P03: the lock was not had in time.
    await expect(worker.get(Retention).keepPartitions()).rejects.toMatchObject({ code: '55P03' });
    await owner.query('COMMIT');
    expect(await left()).toEqual(['messages_20200101']);
    await worker.get(Retention).keepPartitions();
    expect(await left()).toEqual([]);
    await owner.end();
  });

  it('forgets expired sessions and guests that nobody can be any more', async () => {
    const [forgotten, chatting, known] = [
      await addUser(),
      (await openConversation()).members[0].userId,
      await addUser(),
    ];
    await database.query(`UPDATE users SET created_at = now() - interval '3 days'`);
    const addSession = (userId: string | null, expires: string) =>
      database.query(
        `INSERT INTO sessions (id, token_hash, user_id, client, expires_at) VALUES ($1, $2, $3, 'test', now() + $4::interval)`,
        [randomUUID(), randomBytes(32), userId, expires],
      );
    await addSession(forgotten, '-2 days');
    await addSession(null, '-2 days');
    await addSession(known, '-1 hour');
    await worker.get(Retention).expireSessions(signal);
    const left = await database.query<{ id: string }>('SELECT id FROM users WHERE id = ANY ($1)', [
      [forgotten, chatting, known],
    ]);
    expect(left.map((row) => row.id).sort()).toEqual([chatting, known].sort());
    expect(await database.query('SELECT FROM sessions')).toHaveLength(1);
  });
});

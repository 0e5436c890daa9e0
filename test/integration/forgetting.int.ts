import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { authJobs } from '../../src/auth/auth.jobs.js';
import { cleanupJobs } from '../../src/cleanup/cleanup.jobs.js';
import { redisResidents } from '../../src/cleanup/redis-residents.js';
import { claimIdOf } from '../../src/matching/claim.types.js';
import { matchingJobs } from '../../src/matching/matching.jobs.js';
import { SearchQueue } from '../../src/matching/search-queue.js';
import { DELTAS_KEPT_MS } from '../../src/matching/search.limits.js';
import { claimsKey, deltasKey, homeKey, leasesKey, userKey } from '../../src/matching/shard.keys.js';
import { PROCESSES_KEY } from '../../src/platform/limiter/limiter.keys.js';
import { JobRunner } from '../../src/platform/queue/job-runner.js';
import { LEASE_MS, connectionKey } from '../../src/presence/presence.keys.js';
import { holdConnection } from '../../src/presence/presence.scripts.js';
import { retentionClasses } from '../../src/cleanup/retention-classes.js';
import { RetentionLag } from '../../src/cleanup/retention-lag.service.js';
import { ConversationConfig, SessionConfig } from '../../src/config/config.types.js';
import { Log, createLogger } from '../../src/platform/logging/log.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { Database } from '../../src/platform/postgres/database.js';
import { JobProducer, KEEP_DONE, KEEP_FAILED, QUEUE_PREFIX } from '../../src/platform/queue/job-producer.js';
import { REDIS } from '../../src/platform/redis/redis.tokens.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { privacyJobs } from '../../src/privacy/privacy.jobs.js';
import { startWorkerApp } from '../support/worker-app.js';
import type { WorkerApp } from '../support/worker-app.js';

// A row of every class is planted, its time moved, and found gone: by the jobs of a real worker, without a call from here.

const CANARY = 'c4n4ry';
const QUEUES = [authJobs, privacyJobs, cleanupJobs, matchingJobs];
/** Told on purpose, to see that what is logged is seen. */
const MARKER = 'm4rk3r';

const CLASSES = retentionClasses({ conversation: { reconnectGraceMs: 1, idleMs: 1 }, session: { maxAgeMs: 1 } }).map(
  ({ name }) => name,
);

let app: WorkerApp;
let worker: WorkerApp['worker'];
let owner: Database;
let redis: RedisClient;
/** All that the worker has logged, at its most talkative. */
let logged = '';

beforeAll(async () => {
  app = await startWorkerApp();
  ({ worker } = app);
  const sink = { write: (line: string) => void (logged += line) };
  Object.assign(worker.get(Log), { logger: createLogger('trace', sink) });
  const asOwner = createDataSource({ url: app.databaseUrl, applicationName: 'stoa-owner', facts: {} });
  await asOwner.initialize();
  owner = new Database(asOwner);
  redis = worker.get(REDIS);
});
afterAll(async () => {
  await owner.onApplicationShutdown();
  await app.stop();
});

async function addUser(age = '60 days', name = CANARY): Promise<string> {
  const id = randomUUID();
  await owner.query(
    `INSERT INTO users (id, kind, nickname, age_band, languages, interests, created_at)
     VALUES ($1, 'guest', $3, '25-34', '{en}', ARRAY[$3::text], now() - $2::interval)`,
    [id, age, name],
  );
  return id;
}

/** An open conversation of two young guests. */
async function openConversation(change: { silentFor?: string; awayFor?: string }): Promise<void> {
  await owner.query(
    `WITH people AS (
       INSERT INTO users (id, kind, age_band, languages, interests)
       SELECT gen_random_uuid(), 'guest', '25-34', '{en}', '{}' FROM generate_series(1, 2) RETURNING id
     ), opened AS (
       INSERT INTO conversations (started_on, last_activity_at) VALUES (current_date, now() - $1::interval) RETURNING id
     ), members AS (
       INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, age_band, languages)
       SELECT opened.id, row_number() OVER () - 1, people.id, gen_random_uuid(), 'Stranger', '25-34', '{en}' FROM opened, people
     )
     INSERT INTO participations (user_id, conversation_id, slot, away_since)
     SELECT people.id, opened.id, row_number() OVER () - 1, now() - $2::interval FROM opened, people`,
    [change.silentFor ?? '0 s', change.awayFor ?? null],
  );
}

/** How to plant a row whose time is over, by class. */
const plant: Record<string, () => Promise<unknown>> = {
  conversations_abandoned: () => openConversation({ awayFor: '2 days' }),
  conversations_idle: () => openConversation({ silentFor: '60 days' }),
  conversations: async () => {
    const [conversation] = await owner.query<{ id: string; started_on: string }>(
      `INSERT INTO conversations (started_on, shared_interests, ended_at, end_reason, delete_after)
       VALUES (current_date, '{${CANARY}}', now(), 'left', now() - interval '1 hour') RETURNING id, started_on::text`,
    );
    const of = [conversation?.id, conversation?.started_on];
    await owner.query(
      `INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, age_band, languages)
       VALUES ($1, 0, NULL, '${CANARY}', '${CANARY}', '25-34', '{en}')`,
      [conversation?.id],
    );
    await owner.query(
      `INSERT INTO messages (conversation_id, started_on, seq, slot, client_id, text, text_hash, sent_at)
       VALUES ($1, $2, 1, 0, gen_random_uuid(), '${CANARY}', '', now())`,
      of,
    );
  },
  messages: async () => {
    const [conversation] = await owner.query<{ id: string; started_on: string }>(
      `INSERT INTO conversations (started_on, shared_interests, ended_at, end_reason, said_delete_after, delete_after)
       VALUES (current_date, '{${CANARY}}', now(), 'left', now() - interval '1 hour', now() + interval '1 hour') RETURNING id, started_on::text`,
    );
    await owner.query(
      `INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, gender, age_band, languages)
       VALUES ($1, 0, NULL, 'a handle', '${CANARY}', '${CANARY}', '${CANARY}', '{${CANARY}}')`,
      [conversation?.id],
    );
    await owner.query(
      `INSERT INTO messages (conversation_id, started_on, seq, slot, client_id, text, text_hash, sent_at)
       VALUES ($1, $2, 1, 0, gen_random_uuid(), '${CANARY}', '', now())`,
      [conversation?.id, conversation?.started_on],
    );
  },
  message_partitions: () => owner.query(`SELECT ensure_message_partition('2020-01-01')`),
  sessions: async () =>
    owner.query(
      `INSERT INTO sessions (id, token_hash, user_id, client, expires_at)
       VALUES ($1, $2, $3, '${CANARY}', now() - interval '40 hours')`,
      [randomUUID(), randomBytes(32), await addUser()],
    ),
  guests: () => addUser(),
  auth_requests: () =>
    owner.query(
      `INSERT INTO auth_requests (id, kind, email_sealed, email_digest, handled_at, delete_after)
       VALUES ($1, 'notice', '${CANARY}', '${CANARY}', now(), now() - interval '1 hour')`,
      [randomUUID()],
    ),
  address_salts: () =>
    owner.query(`INSERT INTO address_salts (day, salt) VALUES (current_date - 5, '${CANARY}'::bytea)`),
  reports: () =>
    owner.query(
      `INSERT INTO reports (id, receipt, conversation_id, reason, note, evidence, delete_after)
       VALUES ($1, 'receipt', 1, 'spam', '${CANARY}', '[{"text":"${CANARY}"}]', now() - interval '1 hour')`,
      [randomUUID()],
    ),
  outcomes: () =>
    owner.query(
      `INSERT INTO match_outcomes (matched_on, shard, class_a, class_b, wait_a_ms, wait_b_ms, score)
       VALUES (current_date - 95, '${CANARY}', 'a', 'b', 1, 1, 1)`,
    ),
  exports: async () =>
    owner.query(
      `INSERT INTO exports (id, user_id, archive_sealed, ready_at, delete_after)
       VALUES ($1, $2, '${CANARY}', now(), now() - interval '1 hour')`,
      [randomUUID(), await addUser()],
    ),
  archives: async () =>
    owner.query(
      `INSERT INTO exports (id, user_id, archive_sealed, token_sealed, ready_at, expires_at)
       VALUES ($1, $2, '${CANARY}', '${CANARY}', now(), now() - interval '1 minute')`,
      [randomUUID(), await addUser('1 hour', 'somebody')],
    ),
  erasure_receipts: () =>
    owner.query(`INSERT INTO erasures (id, done_at) VALUES (gen_random_uuid(), now() - interval '181 days')`),
  erasures: async () =>
    owner.query(`INSERT INTO erasures (id, user_id, requested_at) VALUES ($1, $2, now() - interval '25 hours')`, [
      randomUUID(),
      await addUser(),
    ]),
  audit_partitions: async () => {
    await owner.query(`SELECT ensure_audit_partition('2020-01-01')`);
    await owner.query(`INSERT INTO audit_events (at, event) VALUES ('2020-01-05', '${CANARY}')`);
  },
};

/** Tables with a row in which the canary sits. */
async function tablesWithCanary(): Promise<string[]> {
  const tables = await owner.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
  );
  const found = await Promise.all(
    tables.map(async ({ name }) => {
      const hex = Buffer.from(CANARY).toString('hex');
      const rows = await owner.query(
        `SELECT FROM ${name} t WHERE t::text LIKE '%${CANARY}%' OR t::text LIKE '%${hex}%'`,
      );
      return rows.length > 0 ? [name] : [];
    }),
  );
  return found.flat();
}

/** Redis keys in whose name or value the canary sits. */
async function keysWithCanary(): Promise<string[]> {
  const keys = await redis.keys('*');
  const values = await Promise.all(keys.map((key) => redis.dump(key)));
  return keys.filter((key, i) => `${key}${values[i] ?? ''}`.includes(CANARY));
}

/** How many entries of the stream speak of the canary. */
const deltasWithCanary = async (): Promise<number> =>
  JSON.stringify(await redis.xrange(deltasKey('all'), '-', '+')).split(CANARY).length - 1;

const late = async (): Promise<string[]> =>
  (await worker.get(RetentionLag).report()).filter(({ seconds }) => (seconds ?? 0) > 0).map(({ name }) => name);

/** Until somebody resumes them, or Redis is emptied. */
async function pauseJobs(): Promise<void> {
  for (const definition of QUEUES) {
    const queue = worker.get(JobProducer).queueOf(definition);
    await queue.pause();
    await vi.waitUntil(async () => (await queue.getActiveCount()) === 0, { timeout: 5_000 });
  }
}

/** How to leave something behind in Redis whose time is over, by class. */
const leaveBehind: Record<string, () => Promise<unknown>> = {
  searches: async () => {
    const attrs = JSON.stringify([0, 0, [0], [CANARY], 0, 0]);
    const place = { shard: 'all', searchId: randomUUID(), userId: `user-${CANARY}` };
    await worker
      .get(SearchQueue, { strict: false })
      .enqueue({ ...place, attrs, sinceMs: 0, avoidance: { blocked: [], recent: [] } });
    await worker.get(SearchQueue, { strict: false }).keepHome(place);
    await redis.zadd(leasesKey('all'), Date.now() - 5_000, place.searchId);
  },
  claims: () => redis.zadd(claimsKey('all'), Date.now() - 5_000, claimIdOf('gone', 'away', CANARY)),
  deltas: async () => {
    const minuteAgo = Date.now() - DELTAS_KEPT_MS - 5_000;
    await redis.del(deltasKey('all'));
    await redis.xadd(deltasKey('all'), `${minuteAgo}-0`, 'op', '+', 's', 'search', 'a', CANARY);
    await redis.xadd(deltasKey('all'), `${minuteAgo}-1`, 'op', '-', 's', 'search', 'r', 'lost');
  },
  processes: () => redis.zadd(PROCESSES_KEY, Date.now() - 40_000, CANARY),
  jobs_done: () => endJobLongAgo('completed', KEEP_DONE.age, { jobId: CANARY, payload: {} }),
  jobs_dead: () => endJobLongAgo('failed', KEEP_FAILED.age, { payload: { note: CANARY } }),
};

/** A job of the worker's that has ended in this way longer ago than it is kept. */
async function endJobLongAgo(
  list: 'completed' | 'failed',
  keptSeconds: number,
  { jobId, payload }: { jobId?: string; payload: object },
): Promise<void> {
  const queue = worker.get(JobProducer).queueOf(authJobs);
  const name = list === 'completed' ? 'auth.sweep' : MARKER;
  const job = await queue.add(name, { payload }, jobId ? { jobId } : {});
  await queue.resume();
  await vi.waitUntil(async () => (await job.getState()) === list, { timeout: 5_000 });
  await queue.pause();
  const finishedOn = Date.now() - keptSeconds * 1_000 - 5_000;
  await redis.hset(`${QUEUE_PREFIX}:auth:${job.id}`, { finishedOn, timestamp: finishedOn });
  await redis.zadd(`${QUEUE_PREFIX}:auth:${list}`, finishedOn, job.id ?? '');
}

describe('what must be forgotten', () => {
  it('goes from Redis by itself, each within its bound', async () => {
    const names = redisResidents.map(({ name }) => name);
    await pauseJobs();
    // The stream first: entries come in the order of their time.
    for (const name of names.toSorted((a, b) => Number(b === 'deltas') - Number(a === 'deltas')))
      await leaveBehind[name]?.();
    const person = randomUUID();
    await holdConnection.run(redis, [connectionKey(person)], [`process-${CANARY}`, 'connection', 0, LEASE_MS]);
    const plantedAt = performance.now();
    // The census is taken every 10 s, paused or not.
    await vi.waitFor(async () => {
      await leaveBehind['processes']?.();
      expect((await late()).toSorted()).toEqual(names.toSorted());
    });
    expect(await deltasWithCanary()).toBe(3);
    expect(await keysWithCanary()).toEqual(
      expect.arrayContaining([
        claimsKey('all'),
        connectionKey(person),
        deltasKey('all'),
        homeKey(`user-${CANARY}`),
        PROCESSES_KEY,
        userKey('all', `user-${CANARY}`),
        `${QUEUE_PREFIX}:auth:${CANARY}`,
      ]),
    );
    for (const definition of QUEUES) await worker.get(JobProducer).queueOf(definition).resume();
    await worker.get(JobProducer).add(cleanupJobs, 'job.forget', {});
    for (const { name, withinSeconds } of redisResidents) {
      const timeout = Math.min(25_000, withinSeconds * 1_000);
      await vi.waitUntil(async () => !(await late()).includes(name), { timeout, interval: 250 });
    }
    await vi.waitUntil(async () => (await redis.exists(connectionKey(person))) === 0, { timeout: LEASE_MS });
    expect(performance.now() - plantedAt).toBeLessThan(60_000);
    // The stream has forgotten what is a minute old; what it says of the search goes in its time, too.
    await vi.waitFor(async () => expect(await keysWithCanary()).toEqual([deltasKey('all')]));
    expect(await deltasWithCanary()).toBe(2);
    await redis.del(deltasKey('all'));
    expect(await keysWithCanary()).toEqual([]);
    // The log is looked at: it has the name of the job that failed.
    expect(logged).toContain(`no handler for ${MARKER}`);
    expect(logged).not.toContain(CANARY);
  }, 60_000);

  it('goes by itself, also after Redis was emptied', async () => {
    await pauseJobs();
    for (const name of CLASSES) await plant[name]?.();
    expect((await late()).toSorted()).toEqual(CLASSES.toSorted());
    expect((await tablesWithCanary()).toSorted()).toEqual(
      [
        'address_salts',
        'audit_events',
        'auth_requests',
        'conversation_members',
        'conversations',
        'exports',
        'match_outcomes',
        'messages',
        'reports',
        'sessions',
        'users',
      ].toSorted(),
    );
    // What stands in rows is in no key and no job, before anything was emptied.
    expect(await keysWithCanary()).toEqual([]);
    await redis.flushall(); // with the pause
    await vi.waitFor(async () => expect(await late()).toEqual([]), { timeout: 25_000, interval: 250 });
    expect(await tablesWithCanary()).toEqual([]);
    expect(await keysWithCanary()).toEqual([]);
    const gone = [...logged.matchAll(/"event":"retention.deleted","what":"(\w+)"/g)].map(([, what]) => what);
    expect(gone).toEqual(expect.arrayContaining(['messages', 'conversations', 'guests', 'address_salts', 'archives']));
    expect(logged).not.toContain(CANARY);
  });

  it('and a dead letter with it', async () => {
    const queue = worker.get(JobProducer).queueOf(cleanupJobs);
    const job = await queue.add('conversation.abandon', { payload: { conversationId: 5, note: CANARY } });
    await vi.waitUntil(() => job.isFailed(), { timeout: 5_000 });
    const key = `${QUEUE_PREFIX}:cleanup:${job.id}`;
    expect(await keysWithCanary()).toContain(key);
    const longAgo = Date.now() - 8 * 86_400_000;
    await redis.hset(key, { finishedOn: longAgo, timestamp: longAgo });
    await redis.zadd(`${QUEUE_PREFIX}:cleanup:failed`, longAgo, job.id ?? '');
    await worker.get(JobProducer).add(cleanupJobs, 'job.forget', {});
    await vi.waitFor(async () => expect(await keysWithCanary()).toEqual([]), { timeout: 5_000, interval: 50 });
  });

  it('stays until its time has come, and goes once it has', async () => {
    const runRetention = async () => {
      const job = await worker.get(JobProducer).queueOf(cleanupJobs).add('retention.run', { payload: {} });
      await vi.waitUntil(() => job.isCompleted(), { timeout: 5_000 });
    };
    await owner.query(
      `INSERT INTO reports (id, receipt, conversation_id, reason, note, evidence, delete_after)
       VALUES (gen_random_uuid(), 'another', 1, 'spam', '${CANARY}', '[]', now() + interval '1 hour')`,
    );
    await owner.query(
      `INSERT INTO auth_requests (id, kind, email_sealed, email_digest, handled_at, delete_after)
       VALUES (gen_random_uuid(), 'notice', '${CANARY}', '${CANARY}', now(), now() + interval '1 hour')`,
    );
    await owner.query(
      `INSERT INTO match_outcomes (matched_on, shard, class_a, class_b, wait_a_ms, wait_b_ms, score)
       VALUES (current_date - 89, '${CANARY}', 'a', 'b', 1, 1, 1)`,
    );
    await runRetention();
    expect((await tablesWithCanary()).toSorted()).toEqual(['auth_requests', 'match_outcomes', 'reports']);
    await owner.query(`UPDATE reports SET delete_after = delete_after - interval '61 minutes'`);
    await owner.query(`UPDATE auth_requests SET delete_after = delete_after - interval '61 minutes'`);
    await owner.query('UPDATE match_outcomes SET matched_on = matched_on - 3');
    await runRetention();
    expect(await tablesWithCanary()).toEqual([]);
  });

  it('is known of every queue that the worker runs', () => {
    expect(
      worker
        .get(JobRunner, { strict: false })
        .queues.map(({ queue }) => queue)
        .toSorted(),
    ).toEqual(QUEUES.map(({ queue }) => queue).toSorted());
  });

  it('is shown by the metrics, and a class that Postgres does not answer for is left out', async () => {
    const overdue = async (): Promise<string[]> =>
      [
        ...(await worker.get(Metrics).registry.metrics()).matchAll(
          /^stoa_retention_overdue_seconds\{class="(\w+)"\} 0$/gm,
        ),
      ].map(([, name]) => name ?? '');
    expect((await overdue()).toSorted()).toEqual([...CLASSES, ...redisResidents.map(({ name }) => name)].toSorted());
    await owner.query('ALTER TABLE match_outcomes RENAME TO hidden');
    const metrics = new Metrics();
    const config = worker.get(ConversationConfig);
    const lag = new RetentionLag(
      worker.get(Database),
      redis,
      worker.get(Log),
      config,
      worker.get(SessionConfig),
      metrics,
    );
    expect((await lag.report()).filter(({ seconds }) => seconds === undefined).map(({ name }) => name)).toEqual([
      'outcomes',
    ]);
    const text = await metrics.registry.metrics();
    await owner.query('ALTER TABLE hidden RENAME TO match_outcomes');
    expect(text).not.toContain('stoa_retention_overdue_seconds{class="outcomes"}');
    expect(text).toContain('stoa_retention_overdue_seconds{class="reports"} 0');
    expect(text).toContain('stoa_retention_within_seconds{class="outcomes"} 3600');
  });
});

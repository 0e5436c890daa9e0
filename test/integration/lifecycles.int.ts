import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionRepository } from '../../src/auth/session.repository.js';
import { ConversationRepository } from '../../src/chat/conversation.repository.js';
import {
  addressSaltGoesAt,
  conversationEndsAt,
  conversationGoesAt,
  guestGoesAt,
  messagesGoAt,
  outcomeGoesAt,
  receiptGoesAt,
  sessionEndsAt,
  sessionGoesAt,
} from '../../src/cleanup/lifecycles.js';
import type { Cursor } from '../../src/cleanup/due-rows.js';
import { retentionClasses } from '../../src/cleanup/retention-classes.js';
import { RetentionRepository } from '../../src/cleanup/retention.repository.js';
import type { ConversationConfig, SessionConfig } from '../../src/config/config.types.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { Database } from '../../src/platform/postgres/database.js';
import { createDatabase } from '../support/database.js';

// What SQL ends and deletes is what the pure functions say: facts are made up, inserted, and both are asked.

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SAMPLES = 60;
/** ms around a limit that no fact falls into: SQL is asked a moment after the facts were inserted. */
const NEAR = 20_000;

const session: SessionConfig = { guestIdleMs: 6 * HOUR, memberIdleMs: 5 * DAY, maxAgeMs: 9 * DAY } as SessionConfig;
const conversation = {
  reconnectGraceMs: 2 * HOUR,
  idleMs: 7 * HOUR,
  messageRetentionMs: 3 * HOUR,
  factsRetentionMs: 24 * HOUR,
} as ConversationConfig;

let database: Database;
let rows: RetentionRepository;

beforeAll(async () => {
  const source = createDataSource({ url: await createDatabase(), applicationName: 'stoa-test', facts: {} });
  await source.initialize();
  database = new Database(source);
  rows = new RetentionRepository(database);
});
afterAll(() => database?.onApplicationShutdown());

const nowMs = async (): Promise<number> => {
  const [row] = await database.query<{ now: number }>('SELECT extract(epoch FROM now())::float8 * 1000 AS now');
  return row?.now ?? 0;
};
const at = (ms: number): Date => new Date(ms);
const isClear = (dueAt: number | undefined, now: number): boolean =>
  dueAt === undefined || Math.abs(dueAt - now) > NEAR;

const samples = <T>(of: fc.Arbitrary<T>): T[] => fc.sample(of, { numRuns: SAMPLES, seed: 6 });
/** How long ago something was (ms). */
const ago = (most: number) => fc.integer({ min: 1_000, max: most });

/** What the class deletes, as it would in a worker. */
async function deleteDue(name: string): Promise<void> {
  const found = retentionClasses({ conversation, session }).find((c) => c.name === name)?.rows;
  if (!found) throw new Error(`no rows: ${name}`);
  let from: Cursor | undefined;
  for (let more = true; more;) ({ more, next: from } = await rows.deleteRows(found, 7, from));
}

interface Planted {
  id: string;
  dueAt: number | undefined;
}

/** Both kinds are there, and what is left is exactly what is not due. */
async function expectLeft(planted: readonly Planted[], table: string, key = 'id'): Promise<void> {
  const now = await nowMs();
  const isKept = ({ dueAt }: Planted): boolean => dueAt === undefined || dueAt > now;
  const kept = planted.filter(isKept).map(({ id }) => id);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(planted.length);
  const left = await database.query<{ id: string }>(
    `SELECT ${key}::text AS id FROM ${table} WHERE ${key}::text = ANY ($1)`,
    [planted.map(({ id }) => id)],
  );
  expect(left.map(({ id }) => id).toSorted()).toEqual(kept.toSorted());
}

async function addUser(createdAtMs: number, kind: 'guest' | 'member' = 'guest'): Promise<string> {
  const id = randomUUID();
  const email = kind === 'member' ? `${id}@example.com` : null;
  await database.query(
    `INSERT INTO users (id, kind, age_band, languages, interests, created_at, email, email_norm, password_hash)
     VALUES ($1, $2, '25-34', '{en}', '{}', $3, $4, $4, $4)`,
    [id, kind, at(createdAtMs), email],
  );
  return id;
}

async function addSession(userId: string | null, times: { createdAt?: number; seenAt?: number; expiresAt: number }) {
  const id = randomUUID();
  await database.query(
    `INSERT INTO sessions (id, token_hash, user_id, client, created_at, last_seen_at, expires_at)
     VALUES ($1, $2, $3, 'test', coalesce($4, now()), coalesce($5, now()), $6)`,
    [
      id,
      randomBytes(32),
      userId,
      times.createdAt === undefined ? null : at(times.createdAt),
      times.seenAt === undefined ? null : at(times.seenAt),
      at(times.expiresAt),
    ],
  );
  return id;
}

describe('sessions and guests', () => {
  it('a session slides as sessionEndsAt says', async () => {
    const now = await nowMs();
    const repository = new SessionRepository(database, session);
    const facts = fc.record({ kind: fc.constantFrom('guest' as const, 'member' as const), createdAgo: ago(9 * DAY) });
    const planted = await Promise.all(
      samples(facts).map(async ({ kind, createdAgo }) => {
        const createdAtMs = now - createdAgo;
        const userId = await addUser(createdAtMs, kind);
        const times = { createdAt: createdAtMs, seenAt: now - 2 * HOUR, expiresAt: now + HOUR };
        return { id: await addSession(userId, times), kind, createdAtMs };
      }),
    );
    await repository.touch(planted.map(({ id }) => id));
    const touched = await database.query<{ id: string; seen: number; ends: number }>(
      `SELECT id, extract(epoch FROM last_seen_at)::float8 * 1000 AS seen, extract(epoch FROM expires_at)::float8 * 1000 AS ends FROM sessions`,
    );
    for (const { id, kind, createdAtMs } of planted) {
      const row = touched.find((r) => r.id === id);
      expect(row?.seen).toBeGreaterThan(now - HOUR);
      expect(row?.ends).toBeCloseTo(sessionEndsAt({ kind, createdAtMs, lastSeenAtMs: row?.seen ?? 0 }, session), -1);
    }
  });

  it('a session goes at sessionGoesAt', async () => {
    const now = await nowMs();
    const planted = await Promise.all(
      samples(ago(3 * DAY)).map(async (expiredAgo) => ({
        id: await addSession(null, { expiresAt: now - expiredAgo }),
        dueAt: sessionGoesAt(now - expiredAgo),
      })),
    );
    await deleteDue('sessions');
    await expectLeft(
      planted.filter(({ dueAt }) => isClear(dueAt, now)),
      'sessions',
    );
  });

  it('a guest goes at guestGoesAt', async () => {
    const now = await nowMs();
    const facts = fc.record({ createdAgo: ago(3 * DAY), hasSession: fc.boolean(), isChatting: fc.boolean() });
    const planted = await Promise.all(
      samples(facts).map(async ({ createdAgo, hasSession, isChatting }) => {
        const createdAtMs = now - createdAgo;
        const id = await addUser(createdAtMs);
        if (hasSession) await addSession(id, { expiresAt: now + HOUR });
        if (isChatting)
          await database.query(
            `WITH opened AS (INSERT INTO conversations (started_on) VALUES (current_date) RETURNING id)
             INSERT INTO participations (user_id, conversation_id, slot) SELECT $1, id, 0 FROM opened`,
            [id],
          );
        return { id, dueAt: guestGoesAt({ createdAtMs, hasSession, isChatting }) };
      }),
    );
    await deleteDue('guests');
    await expectLeft(
      planted.filter(({ dueAt }) => isClear(dueAt, now)),
      'users',
    );
  });
});

describe('a statement over guests', () => {
  it('looks at no more of them than it may, however many are kept, and the next goes on where it ended', async () => {
    const guests = retentionClasses({ conversation, session }).find(({ name }) => name === 'guests')?.rows;
    if (!guests) throw new Error('no rows of guests');
    const now = await nowMs();
    for (let i = 0; i < 20; i += 1) await addSession(await addUser(now - 100 * DAY + i), { expiresAt: now + HOUR });
    const gone = await addUser(now - 99 * DAY);
    const isThere = async () => (await database.query('SELECT FROM users WHERE id = $1', [gone])).length > 0;
    const first = await rows.deleteRows(guests, 15);
    expect([first.count, first.more, await isThere()]).toEqual([0, true, true]);
    const second = await rows.deleteRows(guests, 15, first.next);
    expect([second.count, await isThere()]).toEqual([1, false]);
  });
});

describe('conversations', () => {
  it('end at conversationEndsAt, and are kept until messagesGoAt and conversationGoesAt', async () => {
    const now = await nowMs();
    const repository = new ConversationRepository(database);
    const away = fc.option(ago(4 * HOUR), { nil: undefined });
    const facts = fc.record({ silent: ago(14 * HOUR), away: fc.tuple(away, away) });
    const planted = await Promise.all(
      samples(facts).map(async ({ silent, away: awayAgo }) => {
        const awaySinceMs = awayAgo.map((ms) => (ms === undefined ? undefined : now - ms));
        const [row] = await database.query<{ id: string }>(
          'INSERT INTO conversations (started_on, last_activity_at) VALUES (current_date, $1) RETURNING id',
          [at(now - silent)],
        );
        for (const [slot, since] of awaySinceMs.entries())
          await database.query(
            'INSERT INTO participations (user_id, conversation_id, slot, away_since) VALUES ($1, $2, $3, $4)',
            [await addUser(now), row?.id, slot, since === undefined ? null : at(since)],
          );
        return {
          id: row?.id ?? '',
          dueAt: conversationEndsAt({ lastActivityAtMs: now - silent, awaySinceMs }, conversation),
        };
      }),
    );
    const ended = await database.transaction(async (tx) => {
      const due = [
        ...(await repository.lockAbandoned(tx, conversation.reconnectGraceMs, 500)),
        ...(await repository.lockIdle(tx, conversation.idleMs, 500)),
      ];
      return repository.end(tx, due, 'timeout', conversation);
    });
    const clear = planted.filter(({ dueAt }) => isClear(dueAt, now));
    const due = clear.filter(({ dueAt }) => dueAt <= now).map(({ id }) => id);
    expect(due.length).toBeGreaterThan(0);
    expect(due.length).toBeLessThan(clear.length);
    const known = new Set(clear.map(({ id }) => id));
    expect(
      ended
        .map(({ conversationId }) => conversationId)
        .filter((id) => known.has(id))
        .toSorted(),
    ).toEqual(due.toSorted());

    const [kept] = await database.query<{ ended: number; said: number; facts: number }>(
      `SELECT extract(epoch FROM ended_at)::float8 * 1000 AS ended, extract(epoch FROM said_delete_after)::float8 * 1000 AS said,
              extract(epoch FROM delete_after)::float8 * 1000 AS facts FROM conversations WHERE id = $1`,
      [due[0]],
    );
    expect(kept?.said).toBeCloseTo(messagesGoAt(kept?.ended ?? 0, conversation), -1);
    expect(kept?.facts).toBeCloseTo(conversationGoesAt(kept?.ended ?? 0, conversation), -1);
  });
});

describe('by whole days', () => {
  const today = async (): Promise<number> => Math.floor((await nowMs()) / DAY) * DAY;
  const dateOf = (dayMs: number): string => at(dayMs).toISOString().slice(0, 10);

  it('salts of addresses go at addressSaltGoesAt', async () => {
    const start = await today();
    const days = Array.from({ length: 7 }, (_, i) => start + (1 - i) * DAY);
    for (const day of days) await database.query(`INSERT INTO address_salts VALUES ($1, '')`, [dateOf(day)]);
    await deleteDue('address_salts');
    await expectLeft(
      days.map((day) => ({ id: dateOf(day), dueAt: addressSaltGoesAt(day) })),
      'address_salts',
      'day',
    );
  });

  it('outcomes of matches go at outcomeGoesAt', async () => {
    const start = await today();
    const planted: Planted[] = [];
    for (let i = 86; i < 96; i += 1) {
      const [row] = await database.query<{ id: string }>(
        `INSERT INTO match_outcomes (matched_on, shard, class_a, class_b, wait_a_ms, wait_b_ms, score)
         VALUES ($1, 's', 'a', 'b', 1, 1, 1) RETURNING id::text`,
        [dateOf(start - i * DAY)],
      );
      planted.push({ id: row?.id ?? '', dueAt: outcomeGoesAt(start - i * DAY) });
    }
    await deleteDue('outcomes');
    await expectLeft(planted, 'match_outcomes');
  });

  it('receipts of erasures go at receiptGoesAt, and none that is not carried out', async () => {
    const now = await nowMs();
    const planted = await Promise.all(
      samples(fc.option(ago(400 * DAY), { nil: undefined })).map(async (doneAgo) => {
        const id = randomUUID();
        const doneAt = doneAgo === undefined ? undefined : now - doneAgo;
        await database.query(
          `INSERT INTO erasures (id, user_id, requested_at, done_at) VALUES ($1, $2, now() - interval '500 days', $3)`,
          [id, doneAt === undefined ? randomUUID() : null, doneAt === undefined ? null : at(doneAt)],
        );
        return { id, dueAt: receiptGoesAt(doneAt) };
      }),
    );
    await deleteDue('erasure_receipts');
    await expectLeft(
      planted.filter(({ dueAt }) => isClear(dueAt, now)),
      'erasures',
    );
  });
});

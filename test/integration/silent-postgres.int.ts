import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppendLanes } from '../../src/chat/append-lanes.js';
import { MessageRepository } from '../../src/chat/message.repository.js';
import type { AppendItem } from '../../src/chat/message.repository.js';
import { isPassingFault } from '../../src/platform/errors/error-mapper.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { Database } from '../../src/platform/postgres/database.js';
import type { Transaction } from '../../src/platform/postgres/database.js';
import { TcpProxy } from '../faults/tcp-proxy.js';
import { ChatStage } from '../support/chat-stage.js';

/** As long as a way stays silent (ms): longer than a statement and then its ROLLBACK are waited for, 5 s each. */
const SILENCE = 12_000;

/** What begins now is under way until the silence ends: nobody waits longer than 5 s for a statement (ms). */
const LATE = 10_200;

let stage: ChatStage;
/** A way to Postgres that can fall silent, and a process that has no other. */
let way: TcpProxy;
let database: Database;
/** Past the way: what is committed. */
let owner: pg.Client;

beforeAll(async () => {
  stage = await ChatStage.start();
  way = await TcpProxy.before(new URL(stage.url));
  const source = createDataSource({ url: way.urlFor(stage.url), applicationName: 'stoa-silent', facts: {} });
  await source.initialize();
  database = new Database(source);
  owner = new pg.Client({ connectionString: stage.url });
  await owner.connect();
});
afterEach(() => way.set('pass'));
afterAll(async () => {
  await database.onApplicationShutdown();
  await owner.end();
  await way.close();
  await stage.stop();
});

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

const backendOf = async (transaction: Transaction): Promise<number> => {
  const [row] = await transaction.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return row?.pid ?? 0;
};

/** One message in each of four conversations, so that every lane has some. */
async function someMessages(): Promise<AppendItem[]> {
  const conversations = await Promise.all(Array.from({ length: 4 }, () => stage.openConversation()));
  return conversations.map(({ conversationId, members }) => ({
    conversationId,
    userId: members[0].userId,
    clientId: randomUUID(),
    text: 'in the silence',
  }));
}

const isStored = async ({ clientId }: AppendItem): Promise<boolean> =>
  (await owner.query('SELECT FROM messages WHERE client_id = $1', [clientId])).rowCount === 1;

/** Transactions that a silence catches at their start, at a statement and at their commit. @returns when it has begun */
async function fallSilent(): Promise<Promise<unknown>[]> {
  const { promise: silence, resolve: begin } = Promise.withResolvers<void>();
  const halfway = async (transaction: Transaction): Promise<void> => {
    await transaction.query('SELECT 1');
    await silence;
  };
  // Connections for all: to make one is no matter of a transaction.
  await Promise.all(Array.from({ length: 5 }, () => database.query('SELECT pg_sleep(0.1)')));
  const underWay = [
    database.transaction(halfway),
    database.transaction(async (transaction) => {
      await halfway(transaction);
      await transaction.query('SELECT 2');
    }),
  ];
  await sleep(200);
  way.set('hole');
  begin();
  return [...underWay, database.transaction((transaction) => transaction.query('SELECT 1'))].map(failure);
}

describe('a way to Postgres that is silent for 12 s and then goes on', () => {
  it('costs no acknowledged message, whatever transactions it caught', async () => {
    const lanes = new AppendLanes(new MessageRepository(database), new Metrics());
    const messages = await someMessages();
    const caught = await fallSilent();
    await sleep(LATE);
    const sent = messages.map((message) => lanes.append(message));
    await sleep(SILENCE - LATE);
    way.set('pass');
    expect((await Promise.all(caught)).map(isPassingFault)).toEqual([true, true, true]);
    expect((await Promise.all(sent)).map(({ outcome }) => outcome)).toEqual(messages.map(() => 'stored'));
    expect(await Promise.all(messages.map(isStored))).toEqual(messages.map(() => true));
    // And none of them is left open, with its locks, until Postgres ends it after 5 s.
    const open = `SELECT FROM pg_stat_activity WHERE application_name = 'stoa-silent' AND state LIKE 'idle in transaction%'`;
    await expect.poll(async () => (await owner.query(open)).rowCount, { timeout: 2_000 }).toBe(0);
    await lanes.beforeApplicationShutdown();
  });
});

describe('the connection of a transaction', () => {
  it('is taken again after a commit, and after a rollback that Postgres answered', async () => {
    const first = await database.transaction(backendOf);
    let second = 0;
    const refused = database.transaction(async (transaction) => {
      second = await backendOf(transaction);
      await transaction.query('SELECT 1 / 0');
    });
    expect(await failure(refused)).toMatchObject({ code: '22012' });
    expect([second, await database.transaction(backendOf)]).toEqual([first, first]);
  });

  it('is given up after a statement that nobody waited for, at once', async () => {
    let caught = 0;
    const startedAt = performance.now();
    const refused = database.transaction(async (transaction) => {
      caught = await backendOf(transaction);
      way.set('hole');
      await transaction.query('SELECT 1');
    });
    expect(isPassingFault(await failure(refused))).toBe(true);
    // 5 s for the statement, and none for a ROLLBACK behind it.
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    way.set('pass');
    expect(await database.transaction(backendOf)).not.toBe(caught);
  });

  it('is given up when it breaks between two statements, which harms nobody else', async () => {
    let broken = 0;
    const refused = database.transaction(async (transaction) => {
      broken = await backendOf(transaction);
      await owner.query('SELECT pg_terminate_backend($1)', [broken]);
      await sleep(100);
      await transaction.query('SELECT 1');
    });
    expect(isPassingFault(await failure(refused))).toBe(true);
    expect(await database.transaction(backendOf)).not.toBe(broken);
  });

  it('is nobody’s to use after the end', async () => {
    const kept = await database.transaction(async (transaction) => transaction);
    await expect(kept.query('SELECT 1')).rejects.toThrow('the transaction has ended');
  });

  it('tells of a commit that was none', async () => {
    const swallowed = database.transaction(async (transaction) => {
      await transaction.query('SELECT 1 / 0').catch(() => undefined);
    });
    await expect(swallowed).rejects.toThrow('nothing was committed');
  });
});

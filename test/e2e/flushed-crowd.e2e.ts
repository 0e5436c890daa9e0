import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { Person } from '../support/person.js';
import { seedTalkers } from '../support/seeded-crowd.js';
import type { Talker } from '../support/seeded-crowd.js';

// FLUSHALL in the middle of 100 conversations, while 20 search.

const PAIRS = 100;
/** Nobody else speaks these: they wait until somebody comes who does. */
const LANGUAGES = 'el fi sv da nb hu cs sk sl hr ro bg uk lt lv et ga is mt sq'.split(' ');
/** From the flush until every search is matched (ms). */
const MATCHED_WITHIN = 15_000;
/** Each says so much before the flush, and after it. */
const SAID = 8;
/** Longest pause between two messages (ms). */
const PAUSE = 150;

let deployment: Deployment;
let sql: pg.Client;
let redis: Redis;

beforeAll(async () => {
  deployment = await deploy({ apis: 2, workers: 2 });
  sql = new pg.Client({ connectionString: deployment.databaseUrl });
  await sql.connect();
  redis = new Redis(deployment.redisUrl);
});
afterAll(async () => {
  redis?.disconnect();
  await sql?.end();
  await deployment?.stop();
});

const urlOf = (i: number): string => deployment.apis[i % 2]?.url ?? '';

/** What one talker was told: texts by the seq of their acknowledgement. */
type Acknowledged = Map<number, string>;

async function talk({ person, handle }: Talker, name: string, acknowledged: Acknowledged): Promise<void> {
  for (let n = 0; n < SAID; n += 1) {
    await sleep(Math.random() * PAUSE);
    const text = `${name} ${acknowledged.size}`;
    // No fault, no error: the chat goes on.
    const { seq } = await person.say(handle, text);
    acknowledged.set(seq, text);
  }
}

async function readAll({ person, handle }: Talker): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const page = await person.ask('conversation:sync', { conversationId: handle, after: texts.length, limit: 100 });
    expect(page.messages.map(({ seq }) => seq)).toEqual(page.messages.map((_, i) => texts.length + i + 1));
    texts.push(...page.messages.map(({ text }) => text));
    if (texts.length >= page.lastSeq) return texts;
  }
}

async function searcher(i: number): Promise<Person> {
  const person = await Person.guest(urlOf(i), { languages: [LANGUAGES[i % LANGUAGES.length] ?? ''] });
  await person.connect();
  await person.ask('search:start', {});
  return person;
}

it('#40 FLUSHALL amid 100 conversations and 20 searches: nothing acknowledged is lost, all are matched, nobody is signed out', async () => {
  const talkers = await seedTalkers(sql, { pairs: PAIRS, messages: 0, urlOf });
  await Promise.all(talkers.map(({ person }) => person.connect()));
  const waiting = await Promise.all(LANGUAGES.map((_, i) => searcher(i)));
  const acknowledged = talkers.map((): Acknowledged => new Map());
  const allTalk = (): Promise<unknown> =>
    Promise.all(talkers.map((talker, i) => talk(talker, `t${i}`, acknowledged[i] ?? new Map())));
  await allTalk();
  const going = allTalk();
  await sleep(PAUSE);
  expect(waiting.flatMap((person) => person.all('conversation:started'))).toEqual([]);
  const flushedAt = performance.now();
  await redis.flushall();
  const coming = Promise.all(LANGUAGES.map((_, i) => searcher(i + 1 + LANGUAGES.length)));
  const searchers = [...waiting, ...(await coming)];
  await Promise.all(
    searchers.map((person) =>
      person.next('conversation:started', { ms: Math.max(1, MATCHED_WITHIN - (performance.now() - flushedAt)) }),
    ),
  );
  await going;

  const everybody = [...talkers.map(({ person }) => person), ...searchers];
  const answers = await Promise.all(everybody.map((person) => person.http('GET', '/me')));
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect(everybody.filter((person) => !person.socket?.connected)).toEqual([]);
  expect(everybody.flatMap((person) => person.all('session:revoked'))).toEqual([]);
  const seen = await Promise.all(talkers.map(readAll));
  for (const [i, texts] of seen.entries()) {
    const said = [acknowledged[i - (i % 2)], acknowledged[i - (i % 2) + 1]].flatMap((own) => [...(own ?? [])]);
    expect(said).toHaveLength(4 * SAID);
    expect(texts).toEqual(said.toSorted(([a], [b]) => a - b).map(([, text]) => text));
  }
  for (const person of everybody) person.disconnect();
}, 120_000);

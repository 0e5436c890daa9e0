import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { migrate } from '../../src/platform/postgres/migrator.js';
import { reconnectDelay } from '../../web/client/backoff.js';
import { deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { LeanClient } from '../support/lean-client.js';
import { seedTalkers } from '../support/seeded-crowd.js';

const HERD = 2_000;
/** Messages that each has said before. */
const SAID = 5;
/** Statements that a herd may cost: the promise of `delivery.md`. */
const MAX_STATEMENTS = HERD / 10;
/** ms */
const BACK_WITHIN = 15_000;
/** Nobody is lost while they come, however slow the machine (ms). */
const GRACE = 120_000;

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let deployment: Deployment;
let sql: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres({ fresh: true, settings: ['shared_preload_libraries=pg_stat_statements'] });
  await migrate(postgres.url);
  sql = new pg.Client({ connectionString: postgres.url });
  await sql.connect();
  await sql.query('CREATE EXTENSION pg_stat_statements');
  deployment = await deploy({ databaseUrl: postgres.url, env: { RECONNECT_GRACE_MS: `${GRACE}` } });
});
afterAll(async () => {
  await deployment.stop();
  await sql.end();
  await postgres.stop();
});

interface Asked {
  count: number;
  /** The statements, the most frequent first. */
  most: string[];
}

/** Fails with the statements that were too many. */
const expectFew = ({ count, most }: Asked): void => expect(count < MAX_STATEMENTS ? [] : [count, ...most]).toEqual([]);

/** What Postgres was asked while `work` ran, by anybody but this test. */
async function statementsOf(work: () => Promise<unknown>): Promise<Asked> {
  await sql.query('SELECT pg_stat_statements_reset()');
  await work();
  const { rows } = await sql.query<{ query: string; calls: number }>(
    `SELECT query, calls::int FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%' ORDER BY calls DESC`,
  );
  const most = rows.map(({ query, calls }) => `${calls} × ${query.replace(/\s+/g, ' ').slice(0, 100)}`);
  return { count: rows.reduce((sum, { calls }) => sum + calls, 0), most };
}

const urlOf = (i: number): string => deployment.apis[i % deployment.apis.length]?.url ?? '';

/** Comes back as the web client does, then asks for all that was said. @returns ms that it took */
async function comeBack(client: LeanClient, url: string): Promise<number> {
  const began = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    await sleep(reconnectDelay(attempt));
    try {
      const page = await client.receive(url);
      expect([page.messages.length, page.lastSeq, page.complete]).toEqual([2 * SAID, 2 * SAID, true]);
      return performance.now() - began;
    } catch (error) {
      if (performance.now() - began > 60_000) throw error;
      client.cut();
    }
  }
}

describe('a herd', () => {
  it('of 2,000 sockets that drop at once is back in 15 s, for fewer statements than a tenth of them', async () => {
    const talkers = await seedTalkers(sql, { pairs: HERD / 2, messages: SAID, urlOf });
    const herd = talkers.map((talker) => new LeanClient(talker));
    await Promise.all(herd.map((client, i) => comeBack(client, urlOf(i))));
    // Whoever was quiet for a minute is kept signed in by coming back: that, too, is a write.
    await sql.query(`UPDATE sessions SET last_seen_at = now() - interval '5 minutes'`);

    let times: number[] = [];
    const { count, most } = await statementsOf(async () => {
      for (const client of herd) client.cut();
      // Each on the other process.
      times = await Promise.all(herd.map((client, i) => comeBack(client, urlOf(i + 1))));
    });
    const [p50, p95, max] = [0.5, 0.95, 1].map((q) =>
      Math.round(times.toSorted((a, b) => a - b)[Math.ceil(HERD * q) - 1] ?? 0),
    );
    console.log(`${HERD} back: p50 ${p50} ms, p95 ${p95} ms, max ${max} ms, ${count} statements\n${most.join('\n')}`);
    expect(herd.filter((client) => client.superseded)).toEqual([]);
    expect(p95).toBeLessThan(BACK_WITHIN);
    expectFew({ count, most });

    for (const client of herd) client.cut();
  }, 240_000);
});

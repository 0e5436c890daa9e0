import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { loadMigrations } from '../../src/platform/postgres/migrations.js';
import { migrate, revert } from '../../src/platform/postgres/migrator.js';
import { databaseUrl } from '../support/database.js';

let server: Awaited<ReturnType<typeof startPostgres>>;
beforeAll(async () => {
  server = await startPostgres({ fresh: true });
});
afterAll(() => server.stop());

async function ask<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function newDatabase(name: string): Promise<string> {
  await ask(server.url, `CREATE DATABASE ${name}`);
  return databaseUrl(server.url, name);
}

/** Everything in the schema that a migration could leave behind. */
const inventory = (url: string): Promise<object[]> =>
  ask(
    url,
    `SELECT 'relation' AS kind, relname::text AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
     UNION ALL SELECT 'function', proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL SELECT 'type', typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace
     ORDER BY 1, 2`,
  );

describe('migrations', () => {
  it('run once, whoever starts them, and of many databases at once', async () => {
    const urls = await Promise.all([1, 2, 3, 4].map((i) => newDatabase(`parallel_${i}`)));
    const ran = await Promise.all(urls.flatMap((url) => [migrate(url), migrate(url)]));
    for (let i = 0; i < ran.length; i += 2)
      expect([ran[i]?.length, ran[i + 1]?.length].sort((a = 0, b = 0) => a - b)).toEqual([0, loadMigrations().length]);
    for (const url of urls) {
      expect(await inspectDatabase(url, true)).toEqual({ role: 'stoa_app', faults: [] });
      const [may] = await ask(url, `SELECT has_table_privilege('stoa_app', 'users', 'UPDATE') AS yes`);
      expect(may).toEqual({ yes: true });
    }
  });

  it('can all be taken back, and leave nothing', async () => {
    const url = await newDatabase('reversible');
    await migrate(url);
    const all = await inventory(url);
    expect(all.length).toBeGreaterThan(30);
    await revert(url, loadMigrations().length);
    // TypeORM's own list of what ran, with its primary key, stays.
    const left = (await inventory(url)).filter((row) => !/schema_migrations|^PK_/.test((row as { name: string }).name));
    expect(left).toEqual([]);
    await migrate(url);
    expect(await inventory(url)).toEqual(all);
  });

  it('go on for a user who may not make roles; the audit trigger still holds', async () => {
    await ask(server.url, `CREATE ROLE plain LOGIN PASSWORD 'plain'`);
    await ask(server.url, 'CREATE DATABASE plain OWNER plain');
    const url = databaseUrl(Object.assign(new URL(server.url), { username: 'plain', password: 'plain' }).href, 'plain');
    await migrate(url);
    expect(await inspectDatabase(url, true)).toEqual({ faults: [] });
    await ask(url, `INSERT INTO audit_events (event) VALUES ('test.event')`);
    await expect(ask(url, 'DELETE FROM audit_events')).rejects.toThrow(/append-only/);
  });
});

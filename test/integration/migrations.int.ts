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

const APPEND = `SELECT append_audit('test.event', NULL, NULL, 'ok', NULL, NULL, NULL)`;

/** As a process that was broken into could ask. */
const asApp = (url: string, sql: string): Promise<object[]> =>
  ask(Object.assign(new URL(url), { search: '?options=-c%20role%3Dstoa_app' }).href, sql);

/** A database whose owner is no superuser. */
async function databaseOf(owner: string, rights: string): Promise<string> {
  await ask(server.url, `CREATE ROLE ${owner} LOGIN ${rights} PASSWORD 'plain'`);
  await ask(server.url, `CREATE DATABASE ${owner} OWNER ${owner}`);
  return databaseUrl(Object.assign(new URL(server.url), { username: owner, password: 'plain' }).href, owner);
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
  it('make the roles as an owner who may make roles and is no superuser', async () => {
    const url = await databaseOf('maker', 'CREATEROLE');
    await migrate(url);
    expect(await inspectDatabase(url, true)).toEqual({ role: 'stoa_app', faults: [], roleFaults: [] });
    expect(await asApp(url, APPEND)).toHaveLength(1);
  });

  it('take back what a restore must give the writer of the audit trail', async () => {
    const url = await newDatabase('restored');
    await migrate(url);
    await ask(url, 'GRANT CREATE ON SCHEMA public TO stoa_audit');
    const mayCreate = () => ask(url, `SELECT has_schema_privilege('stoa_audit', 'public', 'CREATE') AS yes`);
    expect(await mayCreate()).toEqual([{ yes: true }]);
    await migrate(url);
    expect(await mayCreate()).toEqual([{ yes: false }]);
    expect(await asApp(url, APPEND)).toHaveLength(1);
  });

  it('run once, whoever starts them, and of many databases at once', async () => {
    const urls = await Promise.all([1, 2, 3, 4].map((i) => newDatabase(`parallel_${i}`)));
    const ran = await Promise.all(urls.flatMap((url) => [migrate(url), migrate(url)]));
    for (let i = 0; i < ran.length; i += 2)
      expect([ran[i]?.length, ran[i + 1]?.length].sort((a = 0, b = 0) => a - b)).toEqual([0, loadMigrations().length]);
    for (const url of urls) {
      expect(await inspectDatabase(url, true)).toEqual({ role: 'stoa_app', faults: [], roleFaults: [] });
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

  it('go on for a user who may not make roles, say so, and take the roles when they are there', async () => {
    const url = await databaseOf('plain', 'NOCREATEROLE');
    await migrate(url);
    expect(await inspectDatabase(url, true)).toEqual({
      faults: [],
      roleFaults: [
        'the database user plain may not act as the role stoa_app: see Roles in docs/security.md',
        'the audit trail has no writer of its own, the role stoa_audit: see Roles in docs/security.md',
      ],
    });
    await ask(url, APPEND);
    await expect(ask(url, 'DELETE FROM audit_events')).rejects.toThrow(/append-only/);
    await ask(server.url, 'GRANT stoa_app, stoa_audit TO plain');
    await migrate(url);
    expect(await inspectDatabase(url, true)).toEqual({ role: 'stoa_app', faults: [], roleFaults: [] });
    expect(await asApp(url, APPEND)).toHaveLength(1);
  });
});

describe('the application role', () => {
  let url: string;
  beforeAll(async () => {
    url = await newDatabase('roles');
    await migrate(url);
    await ask(url, `SELECT ensure_audit_partition('2020-01-01')`);
    await ask(url, APPEND);
    await ask(server.url, 'CREATE ROLE nobody_here');
  });

  const partitions = (parent: string): Promise<{ name: string }[]> =>
    ask(
      url,
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${parent}'::regclass ORDER BY 1`,
    );
  /** Where today's rows are. */
  const month = async (): Promise<string> =>
    (await ask<{ name: string }>(url, `SELECT max(tableoid::regclass::text) AS name FROM audit_events`))[0]?.name ?? '';

  it('adds to the audit trail by the one function only, at the time of Postgres', async () => {
    expect(await asApp(url, APPEND)).toHaveLength(1);
    const [row] = await ask<{ fresh: boolean }>(
      url,
      `SELECT max(at) > now() - interval '1 minute' AS fresh FROM audit_events WHERE event = 'test.event'`,
    );
    expect(row).toEqual({ fresh: true });
    for (const table of ['audit_events', await month()])
      for (const sql of [
        `INSERT INTO ${table} (event) VALUES ('forged')`,
        `UPDATE ${table} SET event = 'forged'`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `DROP TABLE ${table}`,
      ])
        await expect(asApp(url, sql)).rejects.toThrow(/permission denied|must be owner/);
  });

  it.each(['UPDATE %s SET event = event', 'DELETE FROM %s', 'TRUNCATE %s'])('nor may the owner: %s', async (sql) => {
    for (const table of ['audit_events', await month()])
      await expect(ask(url, sql.replace('%s', table))).rejects.toThrow(/append-only/);
  });

  it('cannot have partitions dropped before their time, whatever day it names', async () => {
    const [audit, messages] = [await partitions('audit_events'), await partitions('messages')];
    expect(audit.map(({ name }) => name)).toContain('audit_events_202001');
    await asApp(
      url,
      `SELECT drop_finished_audit_partitions('2999-01-01'), drop_finished_message_partitions('2999-01-01')`,
    );
    expect(await partitions('audit_events')).toEqual(audit.filter(({ name }) => name !== 'audit_events_202001'));
    expect(await partitions('messages')).toEqual(messages);
  });

  it('a temporary table does not stand for the one that a function of the owner means', async () => {
    await ask(
      url,
      `SELECT ensure_message_partition(current_date - 3);
       INSERT INTO conversations (started_on) VALUES (current_date - 3)`,
    );
    const messages = await partitions('messages');
    await asApp(
      url,
      `CREATE TEMP TABLE conversations (started_on date, ended_at timestamptz, said_delete_after timestamptz);
       GRANT ALL ON conversations TO PUBLIC;
       SELECT drop_finished_message_partitions(current_date)`,
    );
    expect(await partitions('messages')).toEqual(messages);
  });

  it('has the only rights to functions that run with another’s, and these name where they look', async () => {
    const definers = await ask<{ name: string; everybody: boolean; path: string }>(
      url,
      `SELECT proname AS name, has_function_privilege('nobody_here', oid, 'EXECUTE') AS everybody,
              (SELECT c FROM unnest(proconfig) AS c WHERE c LIKE 'search_path=%') AS path
         FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace`,
    );
    expect(definers.length).toBeGreaterThan(4);
    for (const { name, everybody, path } of definers)
      expect({ name, everybody, path }).toEqual({ name, everybody: false, path: 'search_path=public, pg_temp' });
  });

  it('the writer of the trail may add to it and nothing else', async () => {
    const rights = await ask(
      url,
      `SELECT table_name::text AS table, privilege_type AS may FROM information_schema.role_table_grants WHERE grantee = 'stoa_audit'`,
    );
    expect(rights).toEqual([{ table: 'audit_events', may: 'INSERT' }]);
    const [making] = await ask(url, `SELECT has_schema_privilege('stoa_audit', 'public', 'CREATE') AS may`);
    expect(making).toEqual({ may: false });
  });
});

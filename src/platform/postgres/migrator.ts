import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { loadMigrations } from './migrations.js';

/** The role that the processes act as: it may read and write rows, and only read and append the audit trail. */
export const APP_ROLE = 'stoa_app';

/** Key of the advisory lock under which one migrator runs at a time. */
const MIGRATION_LOCK = 7_302_001;

/**
 * Brings the schema up to date. Safe to run from several machines at once: the second waits and finds nothing to do.
 * @returns names of the migrations that ran
 */
export async function migrate(url: string): Promise<string[]> {
  const guard = new pg.Client({ connectionString: url, application_name: 'stoa-migrate' });
  await guard.connect();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await ensureAppRole(guard);
    const source = createMigrationSource(url);
    await source.initialize();
    try {
      return (await source.runMigrations()).map((m) => m.name);
    } finally {
      await source.destroy();
    }
  } finally {
    await guard.end();
  }
}

/** Takes the newest `steps` migrations back. For tests and for a failed roll-out. */
export async function revert(url: string, steps: number): Promise<void> {
  const source = createMigrationSource(url);
  await source.initialize();
  try {
    for (let i = 0; i < steps; i += 1) await source.undoLastMigration();
  } finally {
    await source.destroy();
  }
}

/** Names of migrations that this build knows and the database has not run. */
export async function pendingMigrations(client: pg.Client): Promise<string[]> {
  const exists = await client.query(`SELECT to_regclass('schema_migrations') IS NOT NULL AS yes`);
  const ran = new Set<string>();
  if (exists.rows[0]?.yes)
    for (const row of (await client.query('SELECT name FROM schema_migrations')).rows) ran.add(row.name);
  return loadMigrations()
    .map((Migration) => new Migration().name ?? '')
    .filter((name) => !ran.has(name));
}

function createMigrationSource(url: string): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    applicationName: 'stoa-migrate',
    installExtensions: false,
    migrations: loadMigrations(),
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    extra: { max: 2 },
  });
}

/** Roles belong to the whole server: migrations of two databases may make or grant the same one at once, and one of them fails. */
const ROLE_RACES = new Set(['42710', '23505', 'XX000']);
const ROLE_ATTEMPTS = 5;

/**
 * Makes the application role and lets the migrating user act as it. A user who may not make roles goes on without:
 * the audit trigger still holds, and `docs/security.md` says how an administrator makes the role.
 */
async function ensureAppRole(client: pg.Client): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(GRANT_APP_ROLE);
      return;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!ROLE_RACES.has(code) || attempt === ROLE_ATTEMPTS) throw error;
      await sleep(50 * attempt);
    }
  }
}

const GRANT_APP_ROLE = `DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${APP_ROLE}') THEN CREATE ROLE ${APP_ROLE} NOLOGIN; END IF;
    IF NOT pg_has_role(current_user, '${APP_ROLE}', 'MEMBER') THEN EXECUTE format('GRANT ${APP_ROLE} TO %I', current_user); END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${APP_ROLE}', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${APP_ROLE}', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE ON SEQUENCES TO ${APP_ROLE}', current_schema());
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'the role ${APP_ROLE} was not made here';
  END $$`;

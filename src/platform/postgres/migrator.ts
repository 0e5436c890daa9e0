import pg from 'pg';
import { DataSource } from 'typeorm';
import { loadMigrations } from './migrations.js';
import { ensureProcessUser } from './process-user.js';
import { ensureRoles, grantRights } from './roles.js';

/** Key of the advisory lock under which one migrator runs at a time. */
const MIGRATION_LOCK = 7_302_001;

/**
 * Brings the schema up to date. Safe to run from several machines at once: the second waits and finds nothing to do.
 * @param url as the owner
 * @param processUrl as the processes sign in
 * @returns names of the migrations that ran
 */
export async function migrate(url: string, processUrl = url): Promise<string[]> {
  const guard = new pg.Client({ connectionString: url, application_name: 'stoa-migrate' });
  await guard.connect();
  try {
    await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await ensureRoles(guard);
    await ensureProcessUser(guard, processUrl);
    const source = createMigrationSource(url);
    await source.initialize();
    try {
      const ran = await source.runMigrations();
      await grantRights(guard);
      const names = ran.map((m) => m.name);
      if (names.length > 0)
        await guard.query(`SELECT append_audit('migration.run', NULL, $1, 'ok', $2, NULL, NULL)`, [
          names.at(-1),
          `x${names.length}`,
        ]);
      return names;
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

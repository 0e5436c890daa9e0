import { startPostgres } from '../../scripts/services/postgres.mjs';
import { migrate } from '../../src/platform/postgres/migrator.js';
import { databaseUrl } from './database.js';

/** One throw-away Postgres for the whole run, with a migrated database that `createDatabase` copies. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env['STOA_TEST_POSTGRES']) return undefined; // another suite of this run has done it
  const { url, stop } = await startPostgres({ fresh: true });
  await migrate(url);
  process.env['STOA_TEST_POSTGRES'] = process.env['DATABASE_URL'] = databaseUrl(url, 'postgres');
  return stop;
}

import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The database that the global set-up has migrated. Nobody connects to it, as Postgres copies only what is idle. */
const TEMPLATE = 'stoa';

/** The same server and user, another database. */
export function databaseUrl(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/**
 * A migrated and empty database of one's own on the Postgres of this run; it goes with the run.
 * Redis has no such copies: start one with `startRedis({ fresh: true })` or `startRedisCluster()`, and stop it.
 */
export async function createDatabase(): Promise<string> {
  const url = process.env['STOA_TEST_POSTGRES'];
  if (!url) throw new Error('no Postgres of the test run: is postgres.setup.ts a globalSetup of this suite?');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
  } finally {
    await client.end();
  }
  return databaseUrl(url, name);
}

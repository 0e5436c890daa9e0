import pg from 'pg';
import { pendingMigrations } from './migrator.js';
import { APP_ROLE, mayActAs, missingRoles } from './roles.js';

/** What a start needs to know of the database. */
export interface DatabaseFacts {
  /** The role to act as, when it exists and this user may. */
  role?: string;
  /** Reasons not to start, one readable line each. */
  faults: string[];
  /** What is missing of the roles: reasons not to start in production. Elsewhere a process acts as the user it signs in as. */
  roleFaults: string[];
}

/** Oldest Postgres that is supported: 15 (the checks and functions here use nothing newer). */
const MIN_VERSION = 150_000;

/**
 * Looks once whether this Postgres keeps what it confirms and has the schema of this build.
 * @throws when it cannot be reached
 */
export async function inspectDatabase(url: string, allowUnsafe: boolean): Promise<DatabaseFacts> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 2_000,
    application_name: 'stoa-boot',
  });
  await client.connect();
  try {
    const { rows } = await client.query(
      `SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,
              current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages,
              ${mayActAs(APP_ROLE)} AS role`,
    );
    const [facts] = rows;
    const faults: string[] = [];
    if (facts.version < MIN_VERSION) faults.push(`Postgres ${facts.version} is older than ${MIN_VERSION}`);
    for (const [name, value] of [
      ['fsync', facts.fsync],
      ['synchronous_commit', facts.commit],
      ['full_page_writes', facts.pages],
    ])
      if (value === 'off' && !allowUnsafe)
        faults.push(`Postgres has ${name}=off: an acknowledged message could be lost`);
    const pending = await pendingMigrations(client);
    if (pending.length > 0) faults.push(`the database lacks ${pending.length} migration(s): run npm run migrate`);
    return { faults, roleFaults: await missingRoles(client), ...(facts.role ? { role: APP_ROLE } : {}) };
  } finally {
    await client.end();
  }
}

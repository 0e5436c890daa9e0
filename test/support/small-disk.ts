import { spawnSync } from 'node:child_process';
import { chownSync, closeSync, mkdtempSync, openSync, rmSync, rmdirSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { migrate } from '../../src/platform/postgres/migrator.js';
import { createDatabase, databaseUrl } from './database.js';

/** Twice what an empty database takes (bytes). */
const SIZE = 24 * 1_024 * 1_024;

/** A migrated database that lies on a disk of its own, which can be filled and freed. */
export interface SmallDisk {
  databaseUrl: string;
  fill: () => Promise<void>;
  free: () => Promise<void>;
  /** After everybody who uses the database has gone. */
  remove: () => Promise<void>;
}

/** Where this machine lets nobody mount, triggers refuse writes with the same SQLSTATE. */
export async function createSmallDisk(): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', folder]).status === 0)
    return mountedDisk(folder);
  rmdirSync(folder);
  console.warn('nobody may mount a disk here: triggers stand for the full one');
  return pretendedDisk();
}

/**
 * On a Postgres of its own: whoever makes room in its memory writes to this disk, on behalf of any database. Its WAL lies
 * elsewhere: a server whose WAL finds no room stops, which is another fault.
 */
async function mountedDisk(folder: string): Promise<SmallDisk> {
  const postgres = await startPostgres({ fresh: true });
  const server = new pg.Client({ connectionString: postgres.url });
  await server.connect();
  const { rows } = await server.query('SHOW data_directory');
  const { uid, gid } = statSync(rows[0].data_directory as string);
  chownSync(folder, uid, gid);
  await server.query(`CREATE TABLESPACE small LOCATION '${folder}'`);
  await server.query('CREATE DATABASE small TABLESPACE small');
  await server.end();
  const url = databaseUrl(postgres.url, 'small');
  await migrate(url);
  const ballast = join(folder, 'ballast');
  return {
    databaseUrl: url,
    fill: async () => fillWith(ballast),
    free: async () => rmSync(ballast, { force: true }),
    remove: async () => {
      await postgres.stop();
      spawnSync('umount', [folder]);
      rmdirSync(folder);
    },
  };
}

function fillWith(file: string): void {
  const page = Buffer.alloc(4_096);
  const fd = openSync(file, 'w');
  try {
    for (;;) writeSync(fd, page);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(fd);
  }
}

async function pretendedDisk(): Promise<SmallDisk> {
  const url = await createDatabase();
  const ask = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const tables = ['users', 'sessions', 'conversations', 'conversation_members', 'messages'];
  return {
    databaseUrl: url,
    fill: () =>
      ask(`CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
           ${tables.map((table) => `CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON ${table} EXECUTE FUNCTION disk_full();`).join('\n')}`),
    free: () => ask('DROP FUNCTION IF EXISTS disk_full CASCADE'),
    remove: async () => {},
  };
}

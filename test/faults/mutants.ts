import type pg from 'pg';
import { changedBuild, replaceOnce } from '../support/changed-build.js';
import type { Change, Replacement } from '../support/changed-build.js';
import type { Row } from './row.types.js';
import { rowsNamed } from './rows.js';
import type { Finding } from './strike.js';

/** A build with one protection taken out. The suite must find it. */
export interface Mutant {
  name: string;
  /** Rows under which it shows. */
  rows: Row[];
  faultsPerRow: number;
  bots: number;
  thinkMs?: number;
  /** What must be found: any of these. Other findings do not count as its death. */
  expected: Finding['invariant'][];
  code?: Change;
  /** The same in a function of the database. */
  sql?: Replacement & { function: string };
}

export const MUTANTS: Mutant[] = [
  {
    name: 'acknowledged before the commit',
    rows: rowsNamed('api kill -9'),
    expected: ['I2'],
    faultsPerRow: 3,
    bots: 24,
    code: {
      file: 'chat/message.repository.js',
      from: `await this.database.queryPrepared('chat_append',`,
      to: `await (async (_, sql, values) => {
        const client = await this.database.pool.connect();
        await client.query('BEGIN');
        const { rows } = await client.query(sql, values);
        setTimeout(() => client.query('COMMIT').finally(() => client.release()).catch(() => undefined), 300);
        return rows;
      })('',`,
    },
  },
  {
    name: 'no duplicates known',
    rows: rowsNamed('Postgres connections cut, again and again', 'api kill -9', 'half-open network'),
    expected: ['I2', 'I3', 'I4'],
    faultsPerRow: 3,
    bots: 24,
    sql: {
      function: 'append_messages',
      from: `WHEN old.seq IS NOT NULL AND old.text_hash = i.text_hash THEN 'duplicate'`,
      to: `WHEN false THEN 'duplicate'`,
    },
  },
  {
    name: 'no beacon',
    rows: rowsNamed('Redis stopped, then silence'),
    expected: ['bound'],
    faultsPerRow: 3,
    bots: 24,
    code: { file: 'chat/beacon.js', from: 'lookWhenDue() {', to: 'lookWhenDue() { return;' },
  },
  {
    name: 'locks in any order',
    rows: rowsNamed('worker kill -9'),
    expected: ['I8'],
    faultsPerRow: 3,
    bots: 40,
    thinkMs: 5,
    sql: {
      function: 'append_messages',
      from: 'PERFORM FROM conversations c WHERE c.id = ANY (p_conversations) ORDER BY c.id FOR',
      // A pause between two locks lets few bots do what a crowd does.
      to: 'PERFORM pg_sleep(0.002) FROM conversations c WHERE c.id = ANY (p_conversations) ORDER BY random() FOR',
    },
  },
];

/** @returns the folder of the build */
export const buildMutant = ({ code }: Mutant): string => (code ? changedBuild('mutant', code) : 'dist');

export async function mutateDatabase({ sql }: Mutant, postgres: pg.Pool): Promise<void> {
  if (!sql) return;
  const { rows } = await postgres.query(`SELECT pg_get_functiondef($1::regproc) AS text`, [sql.function]);
  await postgres.query(replaceOnce(rows[0].text, sql));
}

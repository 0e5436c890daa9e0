import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type pg from 'pg';
import { ROWS } from './rows.js';
import type { Row } from './rows.js';

/** A build with one protection taken out. The suite must find it. */
export interface Mutant {
  name: string;
  /** Rows under which it shows. */
  rows: Row[];
  faultsPerRow: number;
  bots: number;
  thinkMs?: number;
  /** Changes of compiled files: what is replaced, and by what. */
  code?: { file: string; from: string; to: string };
  /** The same in a function of the database. */
  sql?: { function: string; from: string; to: string };
}

const rowsNamed = (...names: string[]): Row[] => ROWS.filter(({ name }) => names.includes(name));

export const MUTANTS: Mutant[] = [
  {
    name: 'acknowledged before the commit',
    rows: rowsNamed('api kill -9'),
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
    rows: rowsNamed('Redis stopped for 5 s, and silence after it'),
    faultsPerRow: 3,
    bots: 24,
    code: { file: 'chat/beacon.js', from: 'lookWhenDue() {', to: 'lookWhenDue() { return;' },
  },
  {
    name: 'locks in any order',
    rows: rowsNamed('worker kill -9'),
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

/** A copy of the build with the mutant's change. @returns its folder, beside `dist` so that its paths hold */
export function buildMutant({ code }: Mutant): string {
  if (!code) return 'dist';
  const folder = 'dist-mutant';
  rmSync(folder, { recursive: true, force: true });
  cpSync('dist', folder, { recursive: true });
  const file = `${folder}/${code.file}`;
  writeFileSync(file, replaceOnce(readFileSync(file, 'utf8'), code));
  return folder;
}

export function removeMutant(): void {
  rmSync('dist-mutant', { recursive: true, force: true });
}

/** The same for the database. */
export async function mutateDatabase({ sql }: Mutant, postgres: pg.Pool): Promise<void> {
  if (!sql) return;
  const { rows } = await postgres.query(`SELECT pg_get_functiondef($1::regproc) AS text`, [sql.function]);
  await postgres.query(replaceOnce(rows[0].text, sql));
}

function replaceOnce(text: string, { from, to }: { from: string; to: string }): string {
  if (text.split(from).length !== 2) throw new Error(`the mutant does not fit the code any more: ${from}`);
  return text.replace(from, () => to);
}

import type pg from 'pg';
import { changedBuild, replaceOnce } from '../support/changed-build.js';
import type { Change, Replacement } from '../support/changed-build.js';
import type { Row } from './row.types.js';
import { rowsNamed } from './rows.js';
import type { Finding } from './strike.js';

/** A crowd. */
export interface Load {
  bots: number;
  /** Longest pause of a bot between two messages (ms). */
  thinkMs: number;
}

const USUAL: Load = { bots: 24, thinkMs: 200 };
/** Messages of several conversations in nearly every call, on both processes at once. */
const DENSE: Load = { bots: 40, thinkMs: 5 };

/** A build with one protection taken out. The suite must find it. */
export interface Mutant {
  name: string;
  /** Under which it shows. */
  row: Row;
  load: Load;
  /** Its death: what must be found. Other findings do not count. */
  death: { invariant: Finding['invariant']; what: RegExp };
  code?: Change;
  /** The same in a function of the database. */
  sql?: Replacement & { function: string };
}

/** Of a mutant's row: so many that it shows every time. */
export const FAULTS = 2;

const rowNamed = (name: string): Row => rowsNamed(name)[0] as Row;

export const MUTANTS: Mutant[] = [
  {
    name: 'acknowledged before the commit',
    row: rowNamed('api kill -9'),
    load: USUAL,
    death: { invariant: 'I2', what: /was acknowledged and is stored 0 times/ },
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
    row: rowNamed('Postgres connections cut, again and again'),
    load: USUAL,
    death: { invariant: 'I3', what: /was refused( \(MESSAGE_ID_REUSED\))?.* (is stored|reads it)/ },
    sql: {
      function: 'append_messages',
      from: `WHEN old.seq IS NOT NULL AND old.text_hash = i.text_hash THEN 'duplicate'`,
      to: `WHEN false THEN 'duplicate'`,
    },
  },
  {
    name: 'no beacon',
    row: rowNamed('Redis cut off, then silence'),
    load: USUAL,
    death: { invariant: 'bound', what: /was not told/ },
    code: { file: 'chat/beacon.js', from: 'lookWhenDue() {', to: 'lookWhenDue() { return;' },
  },
  {
    name: 'locks in any order',
    row: rowNamed('all sockets drop at once'),
    load: DENSE,
    death: { invariant: 'I8', what: /deadlocks/ },
    sql: {
      function: 'append_messages',
      from: 'PERFORM FROM conversations c WHERE c.id = ANY (p_conversations) ORDER BY c.id FOR',
      // A pause between two locks lets few bots do what a crowd does.
      to: 'PERFORM pg_sleep(0.002) FROM conversations c WHERE c.id = ANY (p_conversations) ORDER BY random() FOR',
    },
  },
  {
    name: 'a page that says it is complete',
    row: rowNamed('all sockets drop at once'),
    load: USUAL,
    death: { invariant: 'I2', what: /was acknowledged; .* reads it 0 times/ },
    code: {
      file: 'chat/conversation-view.js',
      from: 'complete: reached >= lastSeq',
      to: 'complete: true || reached >= lastSeq',
    },
  },
  {
    name: 'a take-over that lets the older connection stand',
    row: rowNamed('take-over in mid-send'),
    load: USUAL,
    death: { invariant: 'I6', what: /had two connections/ },
    code: { file: 'presence/presence.service.js', from: `void closeConnection(connection, 'SUPERSEDED');`, to: '' },
  },
  {
    name: 'a drain that does not wait',
    row: rowNamed('rolling deploy, two versions'),
    load: USUAL,
    death: { invariant: 'bound', what: /had to say .* times while a process drained/ },
    code: {
      file: 'platform/realtime/drain.js',
      from: 'const deadline = performance.now() + SPREAD + PATIENCE;',
      to: 'for (const connection of server.sockets.sockets.values()) connection.disconnect(true); const deadline = 0;',
    },
  },
];

/** @returns the folder of the build */
export const buildMutant = ({ code }: Pick<Mutant, 'code'>): string => (code ? changedBuild('mutant', code) : 'dist');

export async function mutateDatabase({ sql }: Pick<Mutant, 'sql'>, postgres: pg.Pool): Promise<void> {
  if (!sql) return;
  const { rows } = await postgres.query(`SELECT pg_get_functiondef($1::regproc) AS text`, [sql.function]);
  await postgres.query(replaceOnce(rows[0].text, sql));
}

import { UTC_TODAY } from '../platform/postgres/utc-today.js';

/** Rows of one table that go by one column: how long after it, and which of them at all. */
export interface DueRows {
  table: string;
  key: string;
  /** A timestamptz, or with `days` a date. */
  column: string;
  kept: { seconds: number } | { days: number };
  /** SQL over a row `t`: the others are not of this class. */
  where?: string;
  /** SQL over a row `t`: nothing keeps it though its time is over. Where many may be kept: it is asked of a batch of rows at a time. */
  unkept?: string;
}

/** How far a walk over rows has come: the column and the key of the last that was looked at. */
export type Cursor = readonly [at: string, key: string];

/** Before all rows whose key is a uuid. */
export const START: Cursor = ['-infinity', '00000000-0000-0000-0000-000000000000'];

/** SQL: when the time of the oldest was over, null when there is none. */
export function oldestDueOf({ table, column, kept, where = 'true' }: DueRows): string {
  const oldest =
    'days' in kept
      ? `(min(${column}) + ${kept.days})::timestamp AT TIME ZONE 'UTC'`
      : `min(${column}) + interval '${kept.seconds} s'`;
  return `SELECT ${oldest} FROM ${table} t WHERE ${where}`;
}

/** SQL: deletes at most `$1` whose time is over, the oldest first; those that somebody else holds are left to the next run. */
export function deleteDueOf(rows: DueRows): string {
  const { table, key, column, where = 'true' } = rows;
  return `DELETE FROM ${table} WHERE ${key} IN (
      SELECT ${key} FROM ${table} t WHERE ${isDue(rows)} AND ${where} ORDER BY ${column} LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING ${key}`;
}

/**
 * SQL: looks at the next `$1` rows after `$2`, `$3` whose time is over and deletes those that nothing keeps. One row comes back: `count`
 * deleted, whether there may be `more`, and the last that was looked at as `at` and `key`. However many are kept, it costs the same.
 */
export function deleteUnkeptOf(rows: DueRows): string {
  const { table, key, column, where = 'true', unkept = 'true' } = rows;
  return `WITH looked AS MATERIALIZED (
      SELECT ${key} AS key, ${column} AS at FROM ${table} t
       WHERE ${isDue(rows)} AND ${where} AND (${column}, ${key}) > ($2::timestamptz, $3::uuid)
       ORDER BY ${column}, ${key} LIMIT $1
    ), gone AS (
      DELETE FROM ${table} WHERE ${key} IN (
        SELECT ${key} FROM ${table} t WHERE ${key} IN (SELECT key FROM looked) AND ${unkept} FOR UPDATE SKIP LOCKED)
      RETURNING ${key}
    ), last AS (SELECT at, key FROM looked ORDER BY at DESC, key DESC LIMIT 1)
    SELECT (SELECT count(*)::integer FROM gone) AS count, (SELECT count(*) FROM looked) = $1 AS more,
           (SELECT at::text FROM last) AS at, (SELECT key::text FROM last) AS key`;
}

const isDue = ({ column, kept }: DueRows): string =>
  'days' in kept ? `${column} <= ${UTC_TODAY} - ${kept.days}` : `${column} <= now() - interval '${kept.seconds} s'`;

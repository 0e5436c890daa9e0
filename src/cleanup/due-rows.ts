import { UTC_TODAY } from '../platform/postgres/utc-today.js';

/** Rows of one table that go by one column: how long after it, and which of them at all. */
export interface DueRows {
  table: string;
  key: string;
  /** A timestamptz, or with `days` a date. */
  column: string;
  kept: { seconds: number } | { days: number };
  /** SQL over a row `t`: the others are not of this class, or something keeps them. */
  where?: string;
}

/** SQL: when the time of the oldest was over, null when there is none. */
export function oldestDueOf({ table, column, kept, where = 'true' }: DueRows): string {
  const oldest =
    'days' in kept
      ? `(min(${column}) + ${kept.days})::timestamp AT TIME ZONE 'UTC'`
      : `min(${column}) + interval '${kept.seconds} s'`;
  return `SELECT ${oldest} FROM ${table} t WHERE ${where}`;
}

/** SQL: deletes at most `$1` whose time is over, the oldest first; those that somebody else holds are left to the next run. */
export function deleteDueOf({ table, key, column, kept, where = 'true' }: DueRows): string {
  const isDue =
    'days' in kept ? `${column} <= ${UTC_TODAY} - ${kept.days}` : `${column} <= now() - interval '${kept.seconds} s'`;
  return `DELETE FROM ${table} WHERE ${key} IN (
      SELECT ${key} FROM ${table} t WHERE ${isDue} AND ${where} ORDER BY ${column} LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING ${key}`;
}

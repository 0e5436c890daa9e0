/** One kind of row that must go, and how it is seen that it did not. */
interface RetentionClass {
  name: string;
  /** What must be over before a row may go. */
  limit: string;
  /** A row is gone this long (s) after its limit, as its job runs at that interval; later is a fault. */
  withinSeconds: number;
  /** SQL: when the oldest row's time was over, null when there is none. `$1`: greatest age of a session (s). */
  oldestDue: string;
}

/** How long outcomes of matches serve learning and statistics. */
export const OUTCOME_DAYS = 90;
/** How long the audit trail is kept, at least; it goes by whole months. */
export const AUDIT_DAYS = 180;

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Everything that is forgotten, by class. The deletion itself is `RetentionRepository`'s. */
export const RETENTION_CLASSES: readonly RetentionClass[] = [
  {
    name: 'messages',
    limit: 'MESSAGE_RETENTION_SECONDS after the end, with what the two were shown of each other',
    withinSeconds: 5 * MINUTE,
    oldestDue: 'SELECT min(said_delete_after) FROM conversations WHERE said_delete_after IS NOT NULL',
  },
  {
    name: 'conversations',
    limit: 'the longest of MESSAGE_RETENTION_SECONDS, REMATCH_AVOID_SECONDS and 24 h (ratings) after the end',
    withinSeconds: 5 * MINUTE,
    oldestDue: 'SELECT min(delete_after) FROM conversations WHERE delete_after IS NOT NULL',
  },
  {
    name: 'message_partitions',
    limit: 'the day after theirs, once nothing that was said on it is kept',
    withinSeconds: 3 * HOUR,
    oldestDue: `SELECT (min(day) + 2)::timestamp AT TIME ZONE 'UTC' FROM (
        SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = 'messages'::regclass) AS partitions
      WHERE NOT EXISTS (SELECT FROM conversations WHERE started_on = day AND (ended_at IS NULL OR said_delete_after IS NOT NULL))`,
  },
  {
    name: 'sessions',
    limit: 'a day after their expiry',
    withinSeconds: 3 * HOUR,
    oldestDue: `SELECT min(expires_at) + interval '1 day' FROM sessions`,
  },
  {
    name: 'guests',
    limit: 'a day after the greatest age of a session, when none leads to them',
    withinSeconds: 3 * HOUR,
    oldestDue: `SELECT min(created_at) + interval '1 day' + make_interval(secs => $1) FROM users u
      WHERE kind = 'guest' AND NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id)
        AND NOT EXISTS (SELECT FROM participations p WHERE p.user_id = u.id)`,
  },
  {
    name: 'auth_requests',
    limit: 'delete_after: 25 h after they were made',
    withinSeconds: 3 * HOUR,
    oldestDue: 'SELECT min(delete_after) FROM auth_requests',
  },
  {
    name: 'address_salts',
    limit: '48 h after the start of their day',
    withinSeconds: HOUR,
    oldestDue: `SELECT (min(day) + 2)::timestamp AT TIME ZONE 'UTC' FROM address_salts`,
  },
  {
    name: 'reports',
    limit: 'delete_after, which is set when they are made',
    withinSeconds: 5 * MINUTE,
    oldestDue: 'SELECT min(delete_after) FROM reports',
  },
  {
    name: 'outcomes',
    limit: `${OUTCOME_DAYS} days after the match`,
    withinSeconds: HOUR,
    oldestDue: `SELECT (min(matched_on) + ${OUTCOME_DAYS + 1})::timestamp AT TIME ZONE 'UTC' FROM match_outcomes`,
  },
  {
    name: 'exports',
    limit: 'delete_after: 25 h after they were asked for',
    withinSeconds: HOUR,
    oldestDue: 'SELECT min(delete_after) FROM exports',
  },
  {
    name: 'erasures',
    limit: '24 h after they were asked for, to have been carried out',
    withinSeconds: 0,
    oldestDue: `SELECT min(requested_at) + interval '24 hours' FROM erasures WHERE done_at IS NULL`,
  },
  {
    name: 'audit_partitions',
    limit: `${AUDIT_DAYS} days after the end of their month`,
    withinSeconds: 3 * HOUR,
    oldestDue: `SELECT (min(to_date(right(c.relname, 6), 'YYYYMM')) + interval '1 month ${AUDIT_DAYS} days') AT TIME ZONE 'UTC'
      FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_events'::regclass`,
  },
];

import type { ConversationConfig, SessionConfig } from '../config/config.types.js';
import { oldestDueOf } from './due-rows.js';
import type { DueRows } from './due-rows.js';
import { KEPT } from './lifecycles.js';

/** One kind of row that must go, and how it is seen that it did not. */
export interface RetentionClass {
  name: string;
  /** What must be over before a row may go. */
  limit: string;
  /** A row is gone this long (s) after its limit, as its job runs at that interval; later is a fault. */
  withinSeconds: number;
  /** SQL: when the oldest row's time was over, null when there is none. */
  oldestDue: string;
  /** The job that deletes it; absent: another part of the product ends it, and it is only looked at here. */
  job?: 'retention.run' | 'session.expire' | 'partition.keep';
  /** What is deleted, where that is no more than rows. */
  rows?: DueRows;
}

export interface Lifetimes {
  conversation: Pick<ConversationConfig, 'reconnectGraceMs' | 'idleMs'>;
  session: Pick<SessionConfig, 'maxAgeMs'>;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** A class that is rows of one table; `retention.run` deletes it unless another job is named. */
const ofRows = (given: Omit<RetentionClass, 'oldestDue'> & { rows: DueRows }): RetentionClass => ({
  job: 'retention.run',
  ...given,
  oldestDue: oldestDueOf(given.rows),
});

const partitionDays = (table: string, format: string): string =>
  `SELECT to_date(right(c.relname, ${format.length}), '${format}') AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = '${table}'::regclass`;

/** What people say, and to whom. */
const ofConversations = ({ reconnectGraceMs, idleMs }: Lifetimes['conversation']): RetentionClass[] => [
  {
    name: 'conversations_abandoned',
    limit: 'RECONNECT_GRACE_MS after a member was lost, to have ended',
    withinSeconds: MINUTE,
    oldestDue: `SELECT min(away_since) + interval '${reconnectGraceMs} ms' FROM participations WHERE away_since IS NOT NULL`,
  },
  {
    name: 'conversations_idle',
    limit: 'CONVERSATION_IDLE_MS after the last sign of life, to have ended',
    withinSeconds: MINUTE,
    oldestDue: `SELECT min(last_activity_at) + interval '${idleMs} ms' FROM conversations WHERE ended_at IS NULL`,
  },
  {
    name: 'messages',
    limit: 'MESSAGE_RETENTION_SECONDS after the end, with what the two were shown of each other',
    withinSeconds: 5 * MINUTE,
    oldestDue: 'SELECT min(said_delete_after) FROM conversations WHERE said_delete_after IS NOT NULL',
    job: 'retention.run',
  },
  {
    name: 'conversations',
    limit: 'the longest of MESSAGE_RETENTION_SECONDS, REMATCH_AVOID_SECONDS and 24 h (ratings) after the end',
    withinSeconds: 5 * MINUTE,
    oldestDue: 'SELECT min(delete_after) FROM conversations WHERE delete_after IS NOT NULL',
    job: 'retention.run',
  },
  {
    name: 'message_partitions',
    limit: 'the day after theirs, once nothing that was said on it is kept',
    withinSeconds: 3 * HOUR,
    oldestDue: `SELECT (min(day) + 2)::timestamp AT TIME ZONE 'UTC' FROM (${partitionDays('messages', 'YYYYMMDD')}) AS partitions
      WHERE NOT EXISTS (SELECT FROM conversations WHERE started_on = day AND (ended_at IS NULL OR said_delete_after IS NOT NULL))`,
    job: 'partition.keep',
  },
];

/** Guests whom nothing leads to. Most of those older than a day still have their session. */
const GUESTS = {
  table: 'users',
  key: 'id',
  column: 'created_at',
  kept: { seconds: KEPT.guestSeconds },
  where: `kind = 'guest'`,
  unkept: `NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = t.id)
    AND NOT EXISTS (SELECT FROM participations p WHERE p.user_id = t.id)`,
} satisfies DueRows;

/** Who people are. */
const ofPeople = ({ maxAgeMs }: Lifetimes['session']): RetentionClass[] => [
  ofRows({
    name: 'sessions',
    limit: 'a day after their expiry: until then their sockets can be told why',
    withinSeconds: 3 * HOUR,
    rows: { table: 'sessions', key: 'id', column: 'expires_at', kept: { seconds: KEPT.expiredSessionSeconds } },
    job: 'session.expire',
  }),
  {
    name: 'guests',
    limit:
      'a day after they came, once no session and no conversation leads to them: at the latest a day after the greatest age of a session',
    // The hours of their session's deletion, and of the walk over all guests.
    withinSeconds: 6 * HOUR,
    oldestDue: oldestGuestDue(maxAgeMs / 1_000 + KEPT.expiredSessionSeconds),
    job: 'session.expire',
    rows: GUESTS,
  },
];

/** When their last session went is not kept: looked at are those whom none leads to any more. Of younger ones nearly all are kept. */
const oldestGuestDue = (seconds: number): string =>
  oldestDueOf({
    ...GUESTS,
    kept: { seconds },
    where: `${GUESTS.where} AND created_at <= now() - interval '${seconds} s' AND ${GUESTS.unkept}`,
  });

/** What is written down about them. */
const RECORDS: readonly RetentionClass[] = [
  ofRows({
    name: 'auth_requests',
    limit: 'delete_after: 25 h after they were made, an hour for failed sign-ins',
    withinSeconds: 5 * MINUTE,
    rows: {
      table: 'auth_requests',
      key: 'id',
      column: 'delete_after',
      kept: { seconds: 0 },
    },
  }),
  ofRows({
    name: 'address_salts',
    limit: '48 h after the start of their day',
    withinSeconds: HOUR,
    rows: {
      table: 'address_salts',
      key: 'day',
      column: 'day',
      kept: { days: KEPT.addressSaltDays },
    },
  }),
  ofRows({
    name: 'reports',
    limit: 'delete_after, which is set when they are made',
    withinSeconds: 5 * MINUTE,
    rows: {
      table: 'reports',
      key: 'id',
      column: 'delete_after',
      kept: { seconds: 0 },
    },
  }),
  ofRows({
    name: 'outcomes',
    limit: `${KEPT.outcomeDays} days after the end of the day of the match`,
    withinSeconds: HOUR,
    rows: {
      table: 'match_outcomes',
      key: 'id',
      column: 'matched_on',
      kept: { days: KEPT.outcomeDays + 1 },
    },
  }),
  {
    name: 'archives',
    limit: 'the end of their link: ten minutes',
    withinSeconds: 5 * MINUTE,
    oldestDue: 'SELECT min(expires_at) FROM exports WHERE archive_sealed IS NOT NULL',
    job: 'retention.run',
  },
  ofRows({
    name: 'exports',
    limit: 'delete_after: 25 h after they were asked for',
    withinSeconds: 5 * MINUTE,
    rows: {
      table: 'exports',
      key: 'id',
      column: 'delete_after',
      kept: { seconds: 0 },
    },
  }),
  {
    name: 'erasures',
    limit: '24 h after they were asked for, to have been carried out',
    withinSeconds: 0,
    oldestDue: `SELECT min(requested_at) + interval '24 hours' FROM erasures WHERE done_at IS NULL`,
  },
  ofRows({
    name: 'erasure_receipts',
    limit: `${KEPT.receiptDays} days after the erasure`,
    withinSeconds: HOUR,
    rows: {
      table: 'erasures',
      key: 'id',
      column: 'done_at',
      kept: { seconds: KEPT.receiptDays * 24 * HOUR },
    },
  }),
  {
    name: 'audit_partitions',
    limit: `${KEPT.auditDays} days after the end of their month`,
    withinSeconds: 3 * HOUR,
    oldestDue: `SELECT (min(day) + interval '1 month ${KEPT.auditDays} days') AT TIME ZONE 'UTC'
      FROM (${partitionDays('audit_events', 'YYYYMM')}) AS partitions`,
    job: 'partition.keep',
  },
];

/** Everything that is ended or forgotten in Postgres, by class. `lifecycles.ts` says the same without SQL. */
export const retentionClasses = ({ conversation, session }: Lifetimes): RetentionClass[] => [
  ...ofConversations(conversation),
  ...ofPeople(session),
  ...RECORDS,
];

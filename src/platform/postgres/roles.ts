import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** The role that the processes act as: it may read and write rows, and of the audit trail only read. */
export const APP_ROLE = 'stoa_app';

/** The one role that may add to the audit trail: `append_audit` runs as it. Nobody signs in as it and no process acts as it. */
const AUDIT_ROLE = 'stoa_audit';

/** The way into the audit trail, as Postgres names it. */
const APPEND_AUDIT = 'append_audit(text, text, text, text, text, text, text)';

/** Whether `current_user` may act as the role; since Postgres 16 membership alone does not say so. */
export const mayActAs = (role: string): string =>
  `EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}' AND pg_has_role(current_user, oid,
     CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END))`;

/** Roles belong to the whole server: migrations of two databases may make or grant the same one at once, and one of them fails. */
const ROLE_RACES = new Set(['42710', '23505', 'XX000']);
const ROLE_ATTEMPTS = 5;

/**
 * Makes the roles and lets the migrating user act as them. A user who may not goes on without: `missingRoles` tells, the triggers
 * of the audit trail still hold, and production does not start.
 */
export async function ensureRoles(client: pg.Client): Promise<void> {
  for (const role of [APP_ROLE, AUDIT_ROLE]) await insist(client, makeRole(role));
}

/** Gives each role what is its own, and nothing else, of a schema that is up to date; also when the roles came after the tables. */
export async function grantRights(client: pg.Client): Promise<void> {
  await insist(client, GRANT_TO_APP);
  await insist(client, GRANT_TO_AUDIT);
}

/** What is missing of the roles, one readable line each: production does not start so. */
export async function missingRoles(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query(
    `SELECT current_user AS "user", ${mayActAs(APP_ROLE)} AS app,
            to_regprocedure('${APPEND_AUDIT}') IS NULL OR EXISTS (
              SELECT FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
               WHERE p.oid = to_regprocedure('${APPEND_AUDIT}') AND r.rolname = '${AUDIT_ROLE}') AS audit`,
  );
  const [{ user, app, audit }] = rows as [{ user: string; app: boolean; audit: boolean }];
  const advice = 'see Roles in docs/security.md';
  return [
    ...(app ? [] : [`the database user ${user} may not act as the role ${APP_ROLE}: ${advice}`]),
    ...(audit ? [] : [`the audit trail has no writer of its own, the role ${AUDIT_ROLE}: ${advice}`]),
  ];
}

async function insist(client: pg.Client, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(sql);
      return;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (!ROLE_RACES.has(code) || attempt === ROLE_ATTEMPTS) throw error;
      await sleep(50 * attempt);
    }
  }
}

const makeRole = (role: string): string => `DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role} NOLOGIN; END IF;
    IF NOT ${mayActAs(role)} THEN EXECUTE format('GRANT ${role} TO %I', current_user); END IF;
  EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'the role ${role} was not made here';
  END $$`;

const GRANT_TO_APP = `DO $$ DECLARE v_table regclass; BEGIN
    IF NOT ${mayActAs(APP_ROLE)} THEN RETURN; END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${APP_ROLE}', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${APP_ROLE}', current_schema());
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE ON SEQUENCES TO ${APP_ROLE}', current_schema());
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA %I TO ${APP_ROLE}', current_schema());
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA %I TO ${APP_ROLE}', current_schema());
    -- The trail is read; what ran is nobody's to rewrite.
    FOR v_table IN SELECT 'audit_events'::regclass UNION ALL SELECT 'schema_migrations'::regclass
                   UNION ALL SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit_events'::regclass LOOP
      EXECUTE format('REVOKE ALL ON %s FROM ${APP_ROLE}', v_table);
      EXECUTE format('GRANT SELECT ON %s TO ${APP_ROLE}', v_table);
    END LOOP;
    GRANT EXECUTE ON FUNCTION ${APPEND_AUDIT}, ensure_message_partition(date), ensure_audit_partition(date),
      drop_finished_message_partitions(date), drop_finished_audit_partitions(date) TO ${APP_ROLE};
  END $$`;

const GRANT_TO_AUDIT = `DO $$ BEGIN
    IF NOT ${mayActAs(AUDIT_ROLE)} THEN RETURN; END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO ${AUDIT_ROLE}', current_schema());
    GRANT INSERT ON audit_events TO ${AUDIT_ROLE};
    IF '${APPEND_AUDIT}'::regprocedure NOT IN (SELECT p.oid FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE r.rolname = '${AUDIT_ROLE}') THEN
      -- Postgres wants an owner to be able to make things where they lie: for this moment.
      EXECUTE format('GRANT CREATE ON SCHEMA %I TO ${AUDIT_ROLE}', current_schema());
      ALTER FUNCTION ${APPEND_AUDIT} OWNER TO ${AUDIT_ROLE};
    END IF;
    -- Also after a restore, which needs it for the same moment.
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM ${AUDIT_ROLE}', current_schema());
  END $$`;

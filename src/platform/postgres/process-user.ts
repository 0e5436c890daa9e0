import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { APP_ROLE } from './roles.js';

/** As Postgres' own `scram_iterations`. */
const ITERATIONS = 4_096;

/**
 * Makes the user that the processes sign in as where that is not the owner, and lets it act as the application role: its only right.
 * A user who is there keeps its password. An owner who may not make users, or not give the role, goes on without:
 * the migration looks afterwards whether the processes will be let in, and ends with 78 when not.
 * @param url where the processes sign in
 */
export async function ensureProcessUser(client: pg.Client, url: string): Promise<void> {
  const { username, password } = new URL(url);
  const user = decodeURIComponent(username);
  if (user === '' || user === client.user) return;
  const name = client.escapeIdentifier(user);
  const literal = client.escapeLiteral(user);
  const secret = client.escapeLiteral(scramVerifier(decodeURIComponent(password)));
  await client.query(`DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal}) THEN CREATE ROLE ${name} LOGIN PASSWORD ${secret}; END IF;
      IF NOT pg_has_role(${literal}, '${APP_ROLE}', 'MEMBER') THEN GRANT ${APP_ROLE} TO ${name}; END IF;
    EXCEPTION WHEN insufficient_privilege OR undefined_object THEN
      RAISE WARNING 'the user of the processes was not made here';
    END $$`);
}

/** What Postgres keeps of a password (RFC 5803): so the password itself is in no statement, and in no log of statements. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, ITERATIONS, 32, 'sha256');
  const sign = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(sign('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${sign('Server Key').toString('base64')}`;
}

import type pg from 'pg';

/** Tables in which every message and conversation ends. */
const GROWING = ['messages', 'conversations', 'conversation_members'];

const FULL = `RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';`;

/** How long a transaction with new rows takes longer on a slow disk (s): more than the 750 ms that a newcomer waits for it. */
const SLOW_S = 1.2;

const SLOW = `IF current_setting('fault.slept', true) IS DISTINCT FROM 'yes' THEN
  PERFORM set_config('fault.slept', 'yes', true), pg_sleep(${SLOW_S}); END IF;`;

const BODIES = { free: '', full: FULL, slow: SLOW };

/**
 * Postgres says of every new row what it says when its disk is full (SQLSTATE 53100), and rolls back. A disk that is full where the
 * log lies ends the server instead; that is the row "Postgres crashed". The triggers stand from the start and do nothing: to
 * make them under load would be a deadlock of our own.
 */
export async function prepareFullDisk(client: pg.Client): Promise<void> {
  await setDisk(client, 'free');
  for (const table of GROWING)
    await client.query(
      `CREATE TRIGGER fault_disk BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION fault_disk()`,
    );
}

/** Takes effect with the next row. */
export async function setDisk(client: pg.Client | pg.Pool, state: keyof typeof BODIES): Promise<void> {
  await client.query(
    `CREATE OR REPLACE FUNCTION fault_disk() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN ${BODIES[state]} RETURN NEW; END $$`,
  );
}

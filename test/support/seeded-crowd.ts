import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { newHandle } from '../../src/chat/conversation-handle.js';
import { parseSecretKeys } from '../../src/config/secret-keys.js';
import { KeyRing } from '../../src/platform/secrets/key-ring.js';
import { hashToken, newToken } from '../../src/platform/secrets/token.js';
import { SECRET_KEYS } from './deployment.js';
import { Person } from './person.js';

/** Somebody in the middle of a conversation. */
export interface Talker {
  person: Person;
  /** Their handle of the conversation. */
  handle: string;
}

interface CrowdOptions {
  pairs: number;
  /** Each says so many things. */
  messages: number;
  urlOf: (i: number) => string;
}

/**
 * Signed-in guests in open conversations with a past, put into Postgres at once: through the doors it takes a minute to gather
 * thousands. Nobody is connected yet.
 */
export async function seedTalkers(sql: Client, { pairs, messages, urlOf }: CrowdOptions): Promise<Talker[]> {
  const keys = new KeyRing({ keys: parseSecretKeys(SECRET_KEYS, []) } as never);
  const talkers = Array.from({ length: 2 * pairs }, (_, i): Talker & { hash: string } => {
    const person = new Person(urlOf(i));
    const token = newToken();
    const hash = hashToken(token);
    person.userId = randomUUID();
    person.cookie = `stoa_session=${token}`;
    person.csrfToken = keys.sign('csrf', hash);
    return { person, handle: newHandle(), hash };
  });
  const users = talkers.map(({ person }) => person.userId);
  await sql.query(
    `INSERT INTO users (id, kind, age_band, languages, interests)
     SELECT id, 'guest', '25-34', '{en}', '{}' FROM unnest($1::uuid[]) AS id`,
    [users],
  );
  // Used minutes ago: the next use is worth a write.
  await sql.query(
    `INSERT INTO sessions (id, token_hash, user_id, client, last_seen_at, expires_at)
     SELECT gen_random_uuid(), decode(hash, 'hex'), id, 'test', now() - interval '5 minutes', now() + interval '1 hour'
       FROM unnest($1::text[], $2::uuid[]) AS s (hash, id)`,
    [talkers.map(({ hash }) => hash), users],
  );
  const [as, bs] = [talkers.filter((_, i) => i % 2 === 0), talkers.filter((_, i) => i % 2 === 1)];
  const { rows } = await sql.query<{ conversation_id: string }>(
    'SELECT conversation_id FROM open_conversations($1, $2, $3, $4, $5) ORDER BY pair',
    [
      as.map(({ person }) => person.userId),
      bs.map(({ person }) => person.userId),
      as.map(({ handle }) => handle),
      bs.map(({ handle }) => handle),
      JSON.stringify(as.map(() => [])),
    ],
  );
  for (let n = 0; n < messages; n += 1)
    await sql.query('SELECT append_messages($1, $2, $3, $4)', [
      talkers.map((_, i) => rows[i >> 1]?.conversation_id),
      users,
      users.map(() => randomUUID()),
      users.map(() => `this is number ${n}`),
    ]);
  return talkers;
}

import type { Database } from '../../src/platform/postgres/database.js';

/** @throws `broken: …` */
export function hold(promise: string, holds: boolean): void {
  if (!holds) throw new Error(`broken: ${promise}`);
}

/** Looks at Postgres and says which promise is broken; writes there what was before a history. */
export class ModelTruth {
  /** The two of whom one had blocked the other before the history began; they never met. */
  apart: readonly string[] = [];

  constructor(readonly database: Database) {}

  async meetLately(userA: string, userB: string): Promise<void> {
    await this.database.query(
      `WITH c AS (INSERT INTO conversations (started_on, ended_at, end_reason, delete_after) VALUES (current_date, now(), 'left', now() + interval '1 day') RETURNING id)
       INSERT INTO conversation_members (conversation_id, slot, user_id, handle, nickname, age_band, languages)
       SELECT c.id, m.slot, m.user_id, 'h-met-lately-' || substr(md5(c.id::text || m.user_id::text), 1, 9), 'Stranger', '25-34', '{en}' FROM c, (VALUES (0, $1::uuid), (1, $2::uuid)) AS m (slot, user_id)`,
      [userA, userB],
    );
  }

  async block(blocker: string, blocked: string): Promise<void> {
    this.apart = [blocker, blocked];
    await this.database.query(
      `INSERT INTO blocks (id, blocker_id, blocked_id, nickname) VALUES (gen_random_uuid(), $1, $2, 'Stranger')`,
      [...this.apart],
    );
  }

  /** Whom each of these talked with in conversations that have ended, once for each. */
  pastPartners(users: readonly string[]): Promise<Map<string, string[]>> {
    return this.partners(users, 'ended');
  }

  private async partners(users: readonly string[], which: 'ended' | 'ever'): Promise<Map<string, string[]>> {
    const rows = await this.database.query<{ user_id: string; partner: string }>(
      `SELECT x.user_id, y.user_id AS partner FROM conversation_members x
         JOIN conversation_members y ON y.conversation_id = x.conversation_id AND y.slot <> x.slot
         JOIN conversations c ON c.id = x.conversation_id
        WHERE x.user_id = ANY ($1) AND ($2 OR c.ended_at IS NOT NULL)`,
      [users, which === 'ever'],
    );
    const partnersOf = (user: string) => rows.filter(({ user_id }) => user_id === user).map(({ partner }) => partner);
    return new Map(users.map((user) => [user, partnersOf(user)]));
  }

  /** What `userId` calls a conversation with `other`. */
  async handleWith(userId: string, other: string): Promise<string | undefined> {
    const [row] = await this.database.query<{ handle: string }>(
      `SELECT x.handle FROM conversation_members x JOIN conversation_members y ON y.conversation_id = x.conversation_id
        WHERE x.user_id = $1 AND y.user_id = $2 LIMIT 1`,
      [userId, other],
    );
    return row?.handle;
  }

  async check(): Promise<void> {
    const [twice] = await this.database.query('SELECT FROM participations GROUP BY user_id HAVING count(*) > 1');
    hold('nobody talks twice', twice === undefined);
  }

  /** What people got in the end. */
  async checkMeetings(users: readonly string[]): Promise<void> {
    const met = await this.partners(users, 'ever');
    for (const partners of met.values())
      hold('nobody meets a recent partner', new Set(partners).size === partners.length);
    const [blocker = '', blocked = ''] = this.apart;
    hold('nobody meets whom they blocked', !met.get(blocker)?.includes(blocked));
  }
}

import { Injectable } from '@nestjs/common';
import type { Profile, Seeks } from '../contracts/profile.dto.js';
import type { User } from '../contracts/state.dto.js';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';

interface UserRow {
  id: string;
  kind: User['kind'];
  nickname: string | null;
  gender: Profile['gender'] | null;
  age_band: Profile['ageBand'];
  languages: string[];
  interests: string[];
  seeks: Seeks;
  email: string | null;
}

const COLUMNS = 'id, kind, nickname, gender, age_band, languages, interests, seeks, email';

/** The profile part of the table `users`. */
@Injectable()
export class UserRepository {
  constructor(private readonly database: Database) {}

  /** Index: users_pkey. */
  async findByIds(ids: string[]): Promise<Map<string, User>> {
    const sql = `SELECT ${COLUMNS} FROM users WHERE id = ANY ($1::uuid[])`;
    const rows = await this.database.queryPrepared<UserRow>('user_find', sql, [ids]);
    return new Map(rows.map((row) => [row.id, toUser(row)]));
  }

  /** Locks the row for the transaction; undefined when there is none. Index: users_pkey. */
  async lock(transaction: Transaction, id: string): Promise<User | undefined> {
    const [row] = await transaction.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE id = $1 FOR UPDATE`, [id]);
    return row && toUser(row);
  }

  async insertGuest(transaction: Transaction, id: string, profile: Profile): Promise<void> {
    await transaction.query(
      `INSERT INTO users (id, kind, nickname, gender, age_band, languages, interests, seeks)
       VALUES ($1, 'guest', $2, $3, $4, $5, $6, $7)`,
      [id, ...columnsOf(profile)],
    );
  }

  /** Index: users_pkey. */
  async updateProfile(transaction: Transaction, id: string, profile: Profile): Promise<void> {
    await transaction.query(
      `UPDATE users SET nickname = $2, gender = $3, age_band = $4, languages = $5, interests = $6, seeks = $7, updated_at = now()
        WHERE id = $1`,
      [id, ...columnsOf(profile)],
    );
  }
}

const columnsOf = ({ nickname, gender, ageBand, languages, interests, seeks }: Profile): unknown[] => [
  nickname ?? null,
  gender ?? null,
  ageBand,
  languages,
  interests,
  seeks ?? {},
];

function toUser(row: UserRow): User {
  return {
    id: row.id,
    kind: row.kind,
    profile: {
      ...(row.nickname ? { nickname: row.nickname } : {}),
      ...(row.gender ? { gender: row.gender } : {}),
      ageBand: row.age_band,
      languages: row.languages,
      interests: row.interests,
      ...(Object.keys(row.seeks).length > 0 ? { seeks: row.seeks } : {}),
    },
    ...(row.email ? { email: row.email } : {}),
  };
}

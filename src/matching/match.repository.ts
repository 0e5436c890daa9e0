import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';

/** What matching asks the truth. */
@Injectable()
export class MatchRepository {
  constructor(private readonly database: Database) {}

  /** Which of these users are in an open conversation. Index: participations_pkey. */
  async chattingAmong(userIds: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.queryPrepared<{ user_id: string }>(
      'matching_chatting_among',
      'SELECT user_id FROM participations WHERE user_id = ANY ($1)',
      [userIds],
    );
    return new Set(rows.map((row) => row.user_id));
  }
}

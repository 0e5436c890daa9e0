import { Injectable } from '@nestjs/common';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { Database } from '../platform/postgres/database.js';

/** What matching asks the truth. */
@Injectable()
export class MatchRepository {
  private readonly chatting;

  constructor(private readonly database: Database) {
    this.chatting = new BatchLoader<string, boolean>(async (userIds) => {
      const chatting = await this.chattingAmong(userIds);
      return new Map(userIds.map((userId) => [userId, chatting.has(userId)]));
    });
  }

  /** As `chattingAmong`; lookups of a herd are joined. */
  async isChatting(userId: string): Promise<boolean> {
    return (await this.chatting.get(userId)) === true;
  }

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

import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import type { TrueConversation } from './find-gaps.js';

interface TruthRow {
  user_id: string;
  conversation_id: string;
  handle: string;
  last_seq: number;
  self_away: boolean;
  partner_away_since: Date | null;
  active: boolean;
}

/** What is true of one user now. */
export interface Truth {
  conversation: TrueConversation;
  /** Something happened in the conversation within the window that was asked for. */
  active: boolean;
}

@Injectable()
export class BeaconRepository {
  constructor(private readonly database: Database) {}

  /** Those of the users who are in a conversation. Index: participations_pkey. */
  async truthOf(userIds: string[], activeWithinMs: number): Promise<Map<string, Truth>> {
    const rows = await this.database.queryPrepared<TruthRow>(
      'chat_beacon',
      `SELECT p.user_id, p.conversation_id, me.handle, c.last_seq, p.away_since IS NOT NULL AS self_away,
              other.away_since AS partner_away_since, c.last_activity_at > now() - $2 * interval '1 millisecond' AS active
         FROM participations p
         JOIN conversations c ON c.id = p.conversation_id
         JOIN conversation_members me ON me.conversation_id = p.conversation_id AND me.slot = p.slot
         LEFT JOIN participations other ON other.conversation_id = p.conversation_id AND other.slot = 1 - p.slot
        WHERE p.user_id = ANY ($1)`,
      [userIds, activeWithinMs],
    );
    return new Map(rows.map((row) => [row.user_id, toTruth(row)]));
  }
}

const toTruth = (row: TruthRow): Truth => ({
  conversation: {
    conversationId: row.conversation_id,
    handle: row.handle,
    lastSeq: row.last_seq,
    selfAway: row.self_away,
    partnerAwaySince: row.partner_away_since,
  },
  active: row.active,
});

import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';

/** A member of an open conversation came or went. */
export interface AttendanceChange {
  userId: string;
  conversationId: string;
  /** Null: here again. */
  awaySince: Date | null;
  /** Null when the partner was erased. */
  partnerUserId: string | null;
  partnerHandle: string;
}

interface ChangeRow {
  user_id: string;
  conversation_id: string;
  away_since: Date | null;
  partner_user_id: string | null;
  partner_handle: string;
}

@Injectable()
export class AttendanceRepository {
  constructor(private readonly database: Database) {}

  /** Marks those who chat and are not marked yet; answers what changed. Index: participations_pkey. */
  markAway(userIds: string[]): Promise<AttendanceChange[]> {
    return this.mark('chat_mark_away', 'away_since IS NULL', 'now()', userIds);
  }

  /** Takes the marks away; answers what changed. Index: participations_pkey. */
  markHere(userIds: string[]): Promise<AttendanceChange[]> {
    return this.mark('chat_mark_here', 'away_since IS NOT NULL', 'NULL', userIds);
  }

  /** Index: participations_pkey. */
  async membersHere(afterUserId: string | undefined, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ user_id: string }>(
      `SELECT user_id FROM participations
        WHERE away_since IS NULL AND user_id > $1 ORDER BY user_id LIMIT $2`,
      [afterUserId ?? '00000000-0000-0000-0000-000000000000', limit],
    );
    return rows.map((row) => row.user_id);
  }

  /** In user order, as everybody locks participations. */
  private async mark(name: string, due: string, value: string, userIds: string[]): Promise<AttendanceChange[]> {
    const rows = await this.database.queryPrepared<ChangeRow>(
      name,
      `WITH locked AS (
         SELECT user_id FROM participations WHERE user_id = ANY ($1) AND ${due} ORDER BY user_id FOR UPDATE
       ), moved AS (
         UPDATE participations p SET away_since = ${value} FROM locked WHERE p.user_id = locked.user_id
         RETURNING p.user_id, p.conversation_id, p.slot, p.away_since
       )
       SELECT moved.user_id, moved.conversation_id, moved.away_since,
              other.user_id AS partner_user_id, other.handle AS partner_handle
         FROM moved JOIN conversation_members other
           ON other.conversation_id = moved.conversation_id AND other.slot = 1 - moved.slot`,
      [userIds],
    );
    return rows.map((row) => ({
      userId: row.user_id,
      conversationId: row.conversation_id,
      awaySince: row.away_since,
      partnerUserId: row.partner_user_id,
      partnerHandle: row.partner_handle,
    }));
  }
}

import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import type { Sighting } from './chat.types.js';

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

  /**
   * Marks those who chat, are not marked yet and were not seen over a newer connection: then the goodbye comes too late to count.
   * Answers what changed. Index: participations_pkey.
   */
  markAway(gone: Sighting[]): Promise<AttendanceChange[]> {
    const due = 'p.away_since IS NULL AND coalesce(p.here_generation, 0) <= s.generation';
    return this.mark('chat_mark_away', { due, change: 'away_since = now()', isNews: 'true' }, gone);
  }

  /** Notes over which connection they are here, and takes the marks away; answers where there was one. Index: participations_pkey. */
  markHere(here: Sighting[]): Promise<AttendanceChange[]> {
    const due = 'p.away_since IS NOT NULL OR coalesce(p.here_generation, 0) < s.generation';
    const change = 'away_since = NULL, here_generation = greatest(p.here_generation, locked.generation)';
    return this.mark('chat_mark_here', { due, change, isNews: 'locked.was_away' }, here);
  }

  /** Members of open conversations who are not marked, as they were last seen. Index: participations_pkey. */
  async membersHere(afterUserId: string | undefined, limit: number): Promise<Sighting[]> {
    const rows = await this.database.query<{ user_id: string; generation: number }>(
      `SELECT user_id, coalesce(here_generation, 0)::float8 AS generation FROM participations
        WHERE away_since IS NULL AND user_id > $1 ORDER BY user_id LIMIT $2`,
      [afterUserId ?? '00000000-0000-0000-0000-000000000000', limit],
    );
    return rows.map((row) => ({ userId: row.user_id, generation: row.generation }));
  }

  /** In user order, as everybody locks participations. `due` is asked again of a row that somebody else held. */
  private async mark(
    name: string,
    { due, change, isNews }: { due: string; change: string; isNews: string },
    sightings: Sighting[],
  ): Promise<AttendanceChange[]> {
    const rows = await this.database.queryPrepared<ChangeRow>(
      name,
      `WITH seen AS (
         SELECT user_id, max(generation) AS generation FROM unnest($1::uuid[], $2::bigint[]) AS i (user_id, generation) GROUP BY 1
       ), locked AS (
         SELECT p.user_id, s.generation, p.away_since IS NOT NULL AS was_away
           FROM participations p JOIN seen s ON s.user_id = p.user_id
          WHERE ${due} ORDER BY p.user_id FOR UPDATE OF p
       ), moved AS (
         UPDATE participations p SET ${change} FROM locked WHERE p.user_id = locked.user_id
         RETURNING p.user_id, p.conversation_id, p.slot, p.away_since, ${isNews} AS is_news
       )
       SELECT moved.user_id, moved.conversation_id, moved.away_since,
              other.user_id AS partner_user_id, other.handle AS partner_handle
         FROM moved JOIN conversation_members other
           ON other.conversation_id = moved.conversation_id AND other.slot = 1 - moved.slot
        WHERE moved.is_news`,
      [sightings.map(({ userId }) => userId), sightings.map(({ generation }) => generation)],
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

import { Injectable } from '@nestjs/common';
import type { ConversationConfig } from '../config/config.types.js';
import { Database } from '../platform/postgres/database.js';
import type { Transaction } from '../platform/postgres/database.js';
import type {
  Availability,
  EndCause,
  EndedConversation,
  EndedMember,
  MemberView,
  Membership,
  OpenConversation,
  OpenOutcome,
  PairToOpen,
  Slot,
} from './chat.types.js';
import { newHandle } from './conversation-handle.js';

interface OpenRow {
  pair: number;
  state_a: Availability;
  state_b: Availability;
  conversation_id: string | null;
  started_at: Date;
  last_activity_at: Date;
  member_a: MemberRow;
  member_b: MemberRow;
}

interface MemberRow {
  user_id: string;
  handle: string;
  nickname: string;
  gender: MemberView['gender'];
  age_band: MemberView['ageBand'];
  languages: string[];
}

interface MembershipRow {
  conversation_id: string;
  started_on: string;
  slot: Slot;
  user_id: string;
  handle: string;
  partner_user_id: string | null;
  partner_handle: string;
}

interface OpenConversationRow extends MembershipRow {
  started_at: Date;
  last_activity_at: Date;
  last_seq: number;
  shared_interests: string[];
  partner_away_since: Date | null;
  nickname: string;
  gender: MemberView['gender'];
  age_band: MemberView['ageBand'];
  languages: string[];
}

interface EndRow {
  conversation_id: string;
  started_at: Date;
  ended_at: Date;
  last_seq: number;
  by_slot: Slot | null;
  members: [EndedMember, EndedMember];
}

/** How an end is asked for; `by` is the user who left or was lost. */
export interface EndRequest {
  conversationId: string;
  by: string | null;
}

/** How a conversation ended, for the member in `slot`. */
export interface EndFacts {
  cause: EndCause;
  bySlot: Slot | null;
  slot: Slot;
}

const MEMBERSHIP_COLUMNS = `me.conversation_id, c.started_on::text AS started_on, me.slot, me.user_id, me.handle,
  other.user_id AS partner_user_id, other.handle AS partner_handle`;

@Injectable()
export class ConversationRepository {
  constructor(private readonly database: Database) {}

  /** One outcome per pair, in their order. Lock order: see migration 0020. */
  async open(transaction: Transaction, pairs: PairToOpen[]): Promise<OpenOutcome[]> {
    const rows = await transaction.query<OpenRow>(
      'SELECT * FROM open_conversations($1, $2, $3, $4, $5) ORDER BY pair',
      [
        pairs.map((pair) => pair.userA),
        pairs.map((pair) => pair.userB),
        pairs.map(newHandle),
        pairs.map(newHandle),
        JSON.stringify(pairs.map((pair) => pair.sharedInterests)),
      ],
    );
    return pairs.map((pair, i) => toOutcome(pair, rows[i]));
  }

  /** Ends those that are still open; the others are left out of the answer. Of two requests for one, the first counts. */
  async end(
    transaction: Transaction,
    requests: EndRequest[],
    cause: EndCause,
    { messageRetentionMs, factsRetentionMs }: ConversationConfig,
  ): Promise<EndedConversation[]> {
    const once = new Map(requests.toReversed().map(({ conversationId, by }) => [conversationId, by]));
    const rows = await transaction.query<EndRow>('SELECT * FROM end_conversations($1, $2, $3, $4, $5)', [
      [...once.keys()],
      cause,
      [...once.values()],
      messageRetentionMs,
      factsRetentionMs,
    ]);
    return rows.map((row) => ({
      conversationId: row.conversation_id,
      cause,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      lastSeq: row.last_seq,
      bySlot: row.by_slot,
      members: row.members,
    }));
  }

  /**
   * Locks open conversations of which a member has been away for longer than the grace; who was lost first is `by`.
   * Those that somebody else holds are skipped: the next sweep finds them. Index: participations_away_since_idx.
   */
  async lockAbandoned(transaction: Transaction, reconnectGraceMs: number, limit: number): Promise<EndRequest[]> {
    const rows = await transaction.query<{ conversation_id: string; user_id: string }>(
      `SELECT p.conversation_id, p.user_id
         FROM participations p JOIN conversations c ON c.id = p.conversation_id
        WHERE p.away_since <= now() - $1 * interval '1 millisecond'
        ORDER BY p.away_since LIMIT $2 FOR NO KEY UPDATE OF c SKIP LOCKED`,
      [reconnectGraceMs, limit],
    );
    return rows.map((row) => ({ conversationId: row.conversation_id, by: row.user_id }));
  }

  /** Locks open conversations without any sign of life for `idleMs`; skips as above. Index: conversations_last_activity_at_idx. */
  async lockIdle(transaction: Transaction, idleMs: number, limit: number): Promise<EndRequest[]> {
    const rows = await transaction.query<{ id: string }>(
      `SELECT id FROM conversations
        WHERE ended_at IS NULL AND last_activity_at <= now() - $1 * interval '1 millisecond'
        ORDER BY last_activity_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED`,
      [idleMs, limit],
    );
    return rows.map((row) => ({ conversationId: row.id, by: null }));
  }

  /** By handle; unknown ones are absent. Index: conversation_members_handle_key. */
  async memberships(handles: string[]): Promise<Map<string, Membership>> {
    const rows = await this.database.queryPrepared<MembershipRow>(
      'chat_memberships',
      `SELECT ${MEMBERSHIP_COLUMNS}
         FROM conversation_members me
         JOIN conversations c ON c.id = me.conversation_id
         JOIN conversation_members other ON other.conversation_id = me.conversation_id AND other.slot = 1 - me.slot
        WHERE me.handle = ANY ($1)`,
      [handles],
    );
    return new Map(rows.map((row) => [row.handle, toMembership(row)]));
  }

  /** The open conversations of these users by user, without messages. Index: participations_pkey. */
  async openOf(userIds: string[]): Promise<Map<string, Omit<OpenConversation, 'messages'>>> {
    const rows = await this.database.queryPrepared<OpenConversationRow>(
      'chat_open_of',
      `SELECT ${MEMBERSHIP_COLUMNS}, c.started_at, c.last_activity_at, c.last_seq, c.shared_interests,
              away.away_since AS partner_away_since, other.nickname, other.gender, other.age_band, other.languages
         FROM participations p
         JOIN conversations c ON c.id = p.conversation_id
         JOIN conversation_members me ON me.conversation_id = p.conversation_id AND me.slot = p.slot
         JOIN conversation_members other ON other.conversation_id = p.conversation_id AND other.slot = 1 - p.slot
         LEFT JOIN participations away ON away.conversation_id = p.conversation_id AND away.slot = 1 - p.slot
        WHERE p.user_id = ANY ($1)`,
      [userIds],
    );
    return new Map(rows.map((row) => [row.user_id, toOpenConversation(row)]));
  }

  /** By handle: `open` where it has not ended; absent where it is deleted. Index: conversation_members_handle_key. */
  async endsOf(handles: string[]): Promise<Map<string, EndFacts | 'open'>> {
    const rows = await this.database.query<{
      handle: string;
      cause: EndCause | null;
      by_slot: Slot | null;
      slot: Slot;
    }>(
      `SELECT m.handle, c.end_reason AS cause, c.ended_by_slot AS by_slot, m.slot
         FROM conversation_members m JOIN conversations c ON c.id = m.conversation_id
        WHERE m.handle = ANY ($1)`,
      [handles],
    );
    return new Map(
      rows.map(({ handle, cause, by_slot: bySlot, slot }) => [handle, cause ? { cause, bySlot, slot } : 'open']),
    );
  }
}

function toOutcome(pair: PairToOpen, row: OpenRow | undefined): OpenOutcome {
  if (!row) throw new Error('open_conversations answered too few rows');
  if (row.conversation_id === null) return { opened: false, pair, a: row.state_a, b: row.state_b };
  return {
    opened: true,
    pair,
    conversation: {
      conversationId: row.conversation_id,
      startedAt: row.started_at,
      lastActivityAt: row.last_activity_at,
      sharedInterests: pair.sharedInterests,
      members: [toMemberView(row.member_a), toMemberView(row.member_b)],
    },
  };
}

const toMemberView = (row: MemberRow): MemberView => ({
  userId: row.user_id,
  handle: row.handle,
  nickname: row.nickname,
  gender: row.gender,
  ageBand: row.age_band,
  languages: row.languages,
});

const toMembership = (row: MembershipRow): Membership => ({
  conversationId: row.conversation_id,
  startedOn: row.started_on,
  slot: row.slot,
  userId: row.user_id,
  handle: row.handle,
  partnerUserId: row.partner_user_id,
  partnerHandle: row.partner_handle,
});

const toOpenConversation = (row: OpenConversationRow): Omit<OpenConversation, 'messages'> => ({
  membership: toMembership(row),
  startedAt: row.started_at,
  lastActivityAt: row.last_activity_at,
  lastSeq: row.last_seq,
  sharedInterests: row.shared_interests,
  partner: toMemberView({ ...row, user_id: row.partner_user_id ?? '', handle: row.partner_handle }),
  partnerAwaySince: row.partner_away_since,
});

import { Injectable } from '@nestjs/common';
import { Database } from '../platform/postgres/database.js';
import type { Slot, StoredMessage, StoredPage } from './chat.types.js';

/** A message on its way into a conversation; the text is normalised. */
export interface AppendItem {
  conversationId: string;
  userId: string;
  clientId: string;
  text: string;
}

/** What became of an item: the replies of `append_messages` (migration 0090). */
export interface Appended {
  outcome: 'stored' | 'duplicate' | 'reused' | 'ended' | 'unknown';
  /** Of `stored` and `duplicate`. */
  seq: number | null;
  sentAt: Date | null;
}

/** At most `limit` messages of a conversation after a seq. */
export interface PageRequest {
  conversationId: string;
  after: number;
  limit: number;
}

interface AppendRow {
  outcome: Appended['outcome'];
  seq: number | null;
  /** ms since 1970 */
  sent_at: number | null;
}

interface PageRow {
  page: number;
  last_seq: number;
  seq: number | null;
  slot: Slot;
  client_id: string;
  text: string;
  sent_at: Date;
}

@Injectable()
export class MessageRepository {
  constructor(private readonly database: Database) {}

  /**
   * Appends the batch in one transaction of its own; committed when it returns. One answer per item, in their order.
   * Repeatable: an item that is stored already answers `duplicate`. Indexes: conversations_pkey, conversation_members_pkey,
   * messages_client_id_key.
   */
  async append(items: AppendItem[]): Promise<Appended[]> {
    const rows = await this.database.queryPrepared<AppendRow>(
      'chat_append',
      'SELECT outcome, seq, (extract(epoch FROM sent_at) * 1000)::float8 AS sent_at FROM append_messages($1, $2, $3, $4)',
      [
        arrayOf(items.map((item) => item.conversationId)),
        arrayOf(items.map((item) => item.userId)),
        arrayOf(items.map((item) => item.clientId)),
        items.map((item) => item.text),
      ],
    );
    return rows.map(({ outcome, seq, sent_at: sentAt }) => ({
      outcome,
      seq,
      sentAt: sentAt === null ? null : new Date(sentAt),
    }));
  }

  /** Those of the conversations that somebody holds at this moment; waits for nobody. Index: conversations_pkey. */
  async heldOf(conversationIds: string[]): Promise<Set<string>> {
    const rows = await this.database.query<{ id: string }>(
      `WITH free AS MATERIALIZED (
         SELECT id FROM conversations WHERE id = ANY ($1::bigint[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
       )
       SELECT id FROM conversations WHERE id = ANY ($1::bigint[]) AND id NOT IN (SELECT id FROM free)`,
      [conversationIds],
    );
    return new Set(rows.map((row) => row.id));
  }

  /** One page per request, in their order; undefined where the conversation, or what was said in it, is not kept any more. Index: messages_pkey. */
  async pages(requests: PageRequest[]): Promise<(StoredPage | undefined)[]> {
    const rows = await this.database.queryPrepared<PageRow>(
      'chat_pages',
      `SELECT r.page::integer, c.last_seq, m.seq, m.slot, m.client_id, m.text, m.sent_at
         FROM unnest($1::bigint[], $2::integer[], $3::integer[]) WITH ORDINALITY AS r (conversation_id, after, size, page)
         JOIN conversations c ON c.id = r.conversation_id AND (c.ended_at IS NULL OR c.said_delete_after > now())
         LEFT JOIN LATERAL (
           SELECT * FROM messages WHERE started_on = c.started_on AND conversation_id = c.id AND seq > r.after
            ORDER BY seq LIMIT r.size) AS m ON true
        ORDER BY r.page, m.seq`,
      [requests.map((r) => r.conversationId), requests.map((r) => r.after), requests.map((r) => r.limit)],
    );
    const pages = requests.map((): StoredPage | undefined => undefined);
    for (const row of rows) {
      const page = (pages[row.page - 1] ??= { messages: [], lastSeq: row.last_seq });
      if (row.seq !== null) page.messages.push(toMessage(row, row.seq));
    }
    return pages;
  }
}

/** A Postgres array of ids, which need no quotes: at a tenth of what the driver takes to look for some. */
const arrayOf = (ids: string[]): string => `{${ids.join(',')}}`;

const toMessage = (row: PageRow, seq: number): StoredMessage => ({
  seq,
  slot: row.slot,
  clientId: row.client_id,
  text: row.text,
  sentAt: row.sent_at,
});

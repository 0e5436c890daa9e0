import { Injectable } from '@nestjs/common';
import type { Membership } from '../chat/chat.types.js';
import type { Transaction } from '../platform/postgres/database.js';

/** One message as it was when it was reported. */
export interface Evidence {
  readonly seq: number;
  readonly by: 'reporter' | 'reported';
  readonly text: string;
  readonly sentAt: string;
}

export interface NewReport {
  readonly id: string;
  readonly receipt: string;
  readonly reason: string;
  readonly note: string | undefined;
  readonly evidence: readonly Evidence[];
  /** ms that it is kept */
  readonly keptMs: number;
}

interface MessageRow {
  seq: number;
  slot: number;
  text: string;
  sent_at: Date;
}

@Injectable()
export class ReportRepository {
  /** The messages named, else the newest; oldest first. Those that are gone are left out. Index: messages_pkey. */
  async evidence(
    transaction: Transaction,
    { conversationId, startedOn, slot }: Membership,
    seqs: readonly number[],
    limit: number,
  ): Promise<Evidence[]> {
    const rows = await transaction.query<MessageRow>(
      `SELECT seq, slot, text, sent_at FROM messages
        WHERE started_on = $1 AND conversation_id = $2 AND (cardinality($3::int[]) = 0 OR seq = ANY ($3))
        ORDER BY seq DESC LIMIT $4`,
      [startedOn, conversationId, seqs, limit],
    );
    return rows.toReversed().map((row) => ({
      seq: row.seq,
      by: row.slot === slot ? 'reporter' : 'reported',
      text: row.text,
      sentAt: row.sent_at.toISOString(),
    }));
  }

  async add(
    transaction: Transaction,
    { userId, partnerUserId, conversationId }: Membership,
    report: NewReport,
  ): Promise<void> {
    await transaction.query(
      `INSERT INTO reports (id, receipt, reporter_id, reported_id, conversation_id, reason, note, evidence, delete_after)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9 / 1000.0))`,
      [
        report.id,
        report.receipt,
        userId,
        partnerUserId,
        conversationId,
        report.reason,
        report.note ?? null,
        JSON.stringify(report.evidence),
        report.keptMs,
      ],
    );
  }
}

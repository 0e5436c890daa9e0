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

/** What somebody has reported of a conversation before. */
export interface EarlierReport {
  readonly id: string;
  readonly receipt: string;
  readonly evidence: readonly Evidence[];
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

  /**
   * What the reporter has said of this conversation before; one at a time, until the transaction ends. Undefined also when the partner
   * is erased: reports do not name them any more. Index: reports_reported_id_idx.
   */
  async earlier(
    transaction: Transaction,
    { userId, partnerUserId, conversationId }: Membership,
  ): Promise<EarlierReport | undefined> {
    await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 7303))', [
      `${userId} ${conversationId}`,
    ]);
    const [row] = await transaction.query<EarlierReport>(
      `SELECT id, receipt, evidence FROM reports
        WHERE reported_id = $2 AND reporter_id = $1 AND conversation_id = $3 ORDER BY created_at LIMIT 1`,
      [userId, partnerUserId, conversationId],
    );
    return row;
  }

  /** The newest word stands, and a note that is not given again stays. Index: reports_pkey. */
  async amend(
    transaction: Transaction,
    id: string,
    { reason, note, evidence }: Pick<NewReport, 'reason' | 'note' | 'evidence'>,
  ): Promise<void> {
    await transaction.query('UPDATE reports SET reason = $2, note = coalesce($3, note), evidence = $4 WHERE id = $1', [
      id,
      reason,
      note ?? null,
      JSON.stringify(evidence),
    ]);
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

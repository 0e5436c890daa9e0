import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ConversationService } from '../chat/conversation.service.js';
import { MAX_EVIDENCE } from '../contracts/safety.dto.js';
import type { ReportConversation, ReportReceipt } from '../contracts/safety.dto.js';
import { Audit } from '../platform/audit/audit.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Database } from '../platform/postgres/database.js';
import { ReportRepository } from './report.repository.js';
import type { Evidence } from './report.repository.js';

/** How long a report and what it quotes are kept (ms): 30 days, longer than any message. */
const REPORT_KEPT_MS = 30 * 86_400_000;

/** Messages that one report keeps at most, however often it is added to. */
const MAX_KEPT = 4 * MAX_EVIDENCE;

/** Takes reports, during a conversation and for as long as it is kept. */
@Injectable()
export class ReportService {
  constructor(
    private readonly database: Database,
    private readonly conversations: ConversationService,
    private readonly reports: ReportRepository,
    private readonly audit: Audit,
  ) {}

  /**
   * Copies the messages in question: they stay as they were said. Who reports a conversation again adds to the one report, and has its
   * receipt. The partner learns nothing. @throws NotFound
   */
  async report({ userId }: Identity, handle: string, report: ReportConversation): Promise<ReportReceipt> {
    const membership = await this.conversations.membershipOf(userId, handle);
    const { reason, note } = report;
    return this.database.transaction(async (transaction) => {
      const earlier = await this.reports.earlier(transaction, membership);
      const quoted = await this.reports.evidence(transaction, membership, report.seqs ?? [], MAX_EVIDENCE);
      const told = { reason, note: note ?? undefined, evidence: withMore(earlier?.evidence ?? [], quoted) };
      const receipt = earlier?.receipt ?? randomBytes(9).toString('base64url');
      if (earlier) await this.reports.amend(transaction, earlier.id, told);
      else
        await this.reports.add(transaction, membership, { ...told, id: randomUUID(), receipt, keptMs: REPORT_KEPT_MS });
      await this.audit.append(transaction, { event: earlier ? 'report.amend' : 'report.create', target: receipt });
      return { receipt };
    });
  }
}

/** What was kept stays, also where the message is gone by now; of what is new, as much as there is room for. */
export function withMore(kept: readonly Evidence[], quoted: readonly Evidence[]): Evidence[] {
  const known = new Set(kept.map(({ seq }) => seq));
  const more = quoted.filter(({ seq }) => !known.has(seq)).slice(0, MAX_KEPT - kept.length);
  return [...kept, ...more].toSorted((a, b) => a.seq - b.seq);
}

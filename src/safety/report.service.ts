import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ConversationService } from '../chat/conversation.service.js';
import { MAX_EVIDENCE } from '../contracts/safety.dto.js';
import type { ReportConversation, ReportReceipt } from '../contracts/safety.dto.js';
import { Audit } from '../platform/audit/audit.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Database } from '../platform/postgres/database.js';
import { ReportRepository } from './report.repository.js';

/** How long a report and what it quotes are kept (ms): 30 days, longer than any message. */
const REPORT_KEPT_MS = 30 * 86_400_000;

/** Takes reports, during a conversation and for as long as it is kept. */
@Injectable()
export class ReportService {
  constructor(
    private readonly database: Database,
    private readonly conversations: ConversationService,
    private readonly reports: ReportRepository,
    private readonly audit: Audit,
  ) {}

  /** Copies the messages in question: they stay as they were said. The partner learns nothing. @throws NotFound */
  async report({ userId }: Identity, handle: string, report: ReportConversation): Promise<ReportReceipt> {
    const membership = await this.conversations.membershipOf(userId, handle);
    const receipt = randomBytes(9).toString('base64url');
    await this.database.transaction(async (transaction) => {
      const evidence = await this.reports.evidence(transaction, membership, report.seqs ?? [], MAX_EVIDENCE);
      const { reason, note } = report;
      const kept = { id: randomUUID(), receipt, reason, note: note ?? undefined, evidence, keptMs: REPORT_KEPT_MS };
      await this.reports.add(transaction, membership, kept);
      await this.audit.append(transaction, { event: 'report.create', target: receipt });
    });
    return { receipt };
  }
}

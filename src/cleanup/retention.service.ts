import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { RetentionRepository } from './retention.repository.js';

/** Rows of one statement: short locks, and a shutdown waits for one only. */
const BATCH = 500;

/** Forgets what has served its purpose. */
@Injectable()
export class Retention {
  private readonly deleted;

  constructor(
    private readonly rows: RetentionRepository,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.deleted = metrics.counter('stoa_cleanup_deleted_total', 'Rows deleted because their time was over', {
      labels: ['what'],
    });
  }

  async deleteDue(signal: AbortSignal): Promise<void> {
    await this.repeat('messages of conversations', signal, () => this.rows.deleteDueMessages(BATCH));
    await this.repeat('conversations', signal, () => this.rows.deleteDueConversations(BATCH));
    await this.repeat('reports', signal, () => this.rows.deleteDueReports(BATCH));
    await this.repeat('outcomes', signal, () => this.rows.deleteOldOutcomes(BATCH));
  }

  async expireSessions(signal: AbortSignal): Promise<void> {
    await this.repeat('sessions', signal, () => this.rows.deleteExpiredSessions(BATCH));
    await this.repeat('guests', signal, () => this.rows.deleteForgottenGuests(BATCH));
  }

  async keepPartitions(): Promise<void> {
    const dropped = await this.rows.keepPartitions();
    this.count('message partitions', dropped.messages);
    this.count('audit partitions', dropped.audit);
  }

  /** Batch after batch, until one is not full or the process drains. */
  private async repeat(what: string, signal: AbortSignal, deleteBatch: () => Promise<number>): Promise<void> {
    for (;;) {
      const count = await deleteBatch();
      this.count(what, count);
      if (count < BATCH || signal.aborted) return;
    }
  }

  private count(what: string, count: number): void {
    if (count === 0) return;
    this.deleted.inc({ what }, count);
    this.log.info({ event: 'retention.deleted', what, count });
  }
}

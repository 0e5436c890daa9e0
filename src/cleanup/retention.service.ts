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

  deleteDue(signal: AbortSignal): Promise<number> {
    return this.repeat('conversations', signal, () => this.rows.deleteDueConversations(BATCH));
  }

  async expireSessions(signal: AbortSignal): Promise<void> {
    await this.repeat('sessions', signal, () => this.rows.deleteExpiredSessions(BATCH));
    await this.repeat('guests', signal, () => this.rows.deleteForgottenGuests(BATCH));
  }

  async keepPartitions(): Promise<number> {
    const dropped = await this.rows.keepPartitions();
    this.count('message partitions', dropped);
    return dropped;
  }

  /** Batch after batch, until one is not full or the process drains. @returns how many rows went */
  private async repeat(what: string, signal: AbortSignal, deleteBatch: () => Promise<number>): Promise<number> {
    for (let total = 0; ;) {
      const count = await deleteBatch();
      total += count;
      this.count(what, count);
      if (count < BATCH || signal.aborted) return total;
    }
  }

  private count(what: string, count: number): void {
    if (count === 0) return;
    this.deleted.inc({ what }, count);
    this.log.info({ event: 'retention.deleted', what, count });
  }
}

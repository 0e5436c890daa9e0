import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { RetentionRepository } from './retention.repository.js';
import type { Batch } from './retention.repository.js';

/** Rows of one statement: short locks, and a shutdown waits for one only. */
const BATCH = 500;

type DeleteBatch = (limit: number) => Promise<Batch>;

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
    await this.each(signal, {
      'messages of conversations': (limit) => this.rows.deleteDueMessages(limit),
      conversations: (limit) => this.rows.deleteDueConversations(limit),
      reports: (limit) => this.rows.deleteDueReports(limit),
      outcomes: (limit) => this.rows.deleteOldOutcomes(limit),
    });
  }

  async expireSessions(signal: AbortSignal): Promise<void> {
    await this.each(signal, {
      sessions: (limit) => this.rows.deleteExpiredSessions(limit),
      guests: (limit) => this.rows.deleteForgottenGuests(limit),
    });
  }

  async keepPartitions(): Promise<void> {
    const dropped = await this.rows.keepPartitions();
    this.count('message partitions', dropped.messages);
    this.count('audit partitions', dropped.audit);
  }

  /** Each, whatever became of those before it. @throws what the first that failed threw */
  private async each(signal: AbortSignal, classes: Record<string, DeleteBatch>): Promise<void> {
    const failures: unknown[] = [];
    for (const [what, deleteBatch] of Object.entries(classes))
      await this.repeat(what, signal, deleteBatch).catch((error: unknown) => {
        this.log.warn({ event: 'retention.failed', what, err: error });
        failures.push(error);
      });
    if (failures.length > 0) throw failures[0];
  }

  /** Batch after batch, until nothing is due or the process drains. One that takes too long is tried again with a quarter. */
  private async repeat(what: string, signal: AbortSignal, deleteBatch: DeleteBatch): Promise<void> {
    let limit = BATCH;
    for (let more = true; more && !signal.aborted;)
      try {
        const batch = await deleteBatch(limit);
        this.count(what, batch.count);
        more = batch.more;
      } catch (error) {
        if (!tookTooLong(error) || limit === 1) throw error;
        limit = Math.max(1, Math.floor(limit / 4));
        this.log.warn({ event: 'retention.slow', what, limit });
      }
  }

  private count(what: string, count: number): void {
    if (count === 0) return;
    this.deleted.inc({ what }, count);
    this.log.info({ event: 'retention.deleted', what, count });
  }
}

/** Whether Postgres cancelled the statement, for its timeout. */
const tookTooLong = (error: unknown): boolean => (error as { code?: unknown }).code === '57014';

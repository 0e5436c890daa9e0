import { Injectable } from '@nestjs/common';
import { ConversationConfig, SessionConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { retentionClasses } from './retention-classes.js';
import type { RetentionClass } from './retention-classes.js';
import { RetentionRepository } from './retention.repository.js';
import type { Batch } from './retention.repository.js';

/** Rows of one statement: short locks, and a shutdown waits for one only. */
const BATCH = 500;

type Step = readonly [what: string, act: (what: string) => Promise<void>];

type DeleteBatch = (limit: number) => Promise<Batch>;

/** Forgets what has served its purpose. */
@Injectable()
export class Retention {
  private readonly deleted;
  private readonly classes: readonly RetentionClass[];
  /** Those that are more than rows of one table. */
  private readonly others: Record<string, DeleteBatch> = {
    messages: (limit) => this.rows.deleteDueMessages(limit),
    conversations: (limit) => this.rows.deleteDueConversations(limit),
    archives: (limit) => this.rows.dropArchives(limit),
  };

  constructor(
    private readonly rows: RetentionRepository,
    private readonly log: Log,
    private readonly audit: Audit,
    conversation: ConversationConfig,
    session: SessionConfig,
    metrics: Metrics,
  ) {
    this.classes = retentionClasses({ conversation, session });
    this.deleted = metrics.counter('stoa_cleanup_deleted_total', 'Rows deleted because their time was over', {
      labels: ['what'],
    });
  }

  /** What `retention.run` deletes. */
  deleteDue(signal: AbortSignal): Promise<void> {
    return this.run('retention.run', signal);
  }

  /** What `session.expire` deletes. */
  expireSessions(signal: AbortSignal): Promise<void> {
    return this.run('session.expire', signal);
  }

  async keepPartitions(): Promise<void> {
    await this.each([
      ['partitions', () => this.rows.makePartitions()],
      ['message_partitions', async (what) => this.noteDropped(what, await this.rows.dropMessagePartitions())],
      ['audit_partitions', async (what) => this.noteDropped(what, await this.rows.dropAuditPartitions())],
    ]);
  }

  private async run(job: RetentionClass['job'], signal: AbortSignal): Promise<void> {
    const classes = this.classes.filter((c) => c.job === job);
    await this.each(classes.map((each) => [each.name, () => this.repeat(each, signal)]));
  }

  /** One after the other, whatever became of those before it. @throws what the first that failed threw */
  private async each(steps: readonly Step[]): Promise<void> {
    const failures: unknown[] = [];
    for (const [what, act] of steps)
      await act(what).catch((error: unknown) => {
        this.log.warn({ event: 'retention.failed', what, err: error });
        failures.push(error);
      });
    if (failures.length > 0) throw failures[0];
  }

  /** Batch after batch, until nothing is due or the process drains. One that takes too long is tried again with a quarter. */
  private async repeat({ name: what, rows }: RetentionClass, signal: AbortSignal): Promise<void> {
    const deleteBatch = rows ? (limit: number) => this.rows.deleteRows(rows, limit) : this.others[what];
    if (!deleteBatch) throw new Error(`nobody deletes ${what}`);
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

  private async noteDropped(what: string, count: number): Promise<void> {
    this.count(what, count);
    if (count > 0) await this.audit.note({ event: 'retention.run', target: what, reason: `x${count}` });
  }

  private count(what: string, count: number): void {
    if (count === 0) return;
    this.deleted.inc({ what }, count);
    this.log.info({ event: 'retention.deleted', what, count });
  }
}

/** Whether Postgres cancelled the statement, for its timeout. */
const tookTooLong = (error: unknown): boolean => (error as { code?: unknown }).code === '57014';

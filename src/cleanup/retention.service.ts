import { Injectable } from '@nestjs/common';
import { ConversationConfig, SessionConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Cursor } from './due-rows.js';
import { retentionClasses } from './retention-classes.js';
import type { RetentionClass } from './retention-classes.js';
import { RetentionRepository } from './retention.repository.js';
import type { Batch } from './retention.repository.js';

/** Rows of one statement: short locks, and a shutdown waits for one only. */
const BATCH = 500;

type Step = readonly [what: string, act: (what: string) => Promise<void>];

type DeleteBatch = (limit: number, from?: Cursor) => Promise<Batch>;

/** A class as a run of its job works on it. */
interface Turn {
  what: string;
  deleteBatch: DeleteBatch;
  limit: number;
  from?: Cursor;
}

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

  /** A batch of each class in turn, until nothing is due or the process drains: a class with much to delete keeps no other waiting. */
  private async run(job: RetentionClass['job'], signal: AbortSignal): Promise<void> {
    let due = this.classes.filter((c) => c.job === job).map((each) => this.turnOf(each));
    const failures: unknown[] = [];
    while (due.length > 0 && !signal.aborted) {
      const more: Turn[] = [];
      const take = async (turn: Turn): Promise<void> => {
        if (await this.deleteBatch(turn, signal)) more.push(turn);
      };
      await this.each(due.map((turn) => [turn.what, () => take(turn)])).catch((error: unknown) => failures.push(error));
      due = more;
    }
    if (failures.length > 0) throw failures[0];
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

  private turnOf({ name: what, rows }: RetentionClass): Turn {
    const deleteBatch = rows
      ? (limit: number, from?: Cursor) => this.rows.deleteRows(rows, limit, from)
      : this.others[what];
    if (!deleteBatch) throw new Error(`nobody deletes ${what}`);
    return { what, deleteBatch, limit: BATCH };
  }

  /** One that takes too long is tried again with a quarter, at the class's next turn. @returns whether there is more to delete */
  private async deleteBatch(turn: Turn, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    try {
      const { count, more, next } = await turn.deleteBatch(turn.limit, turn.from);
      if (next) turn.from = next;
      this.count(turn.what, count);
      return more;
    } catch (error) {
      if (!tookTooLong(error) || turn.limit === 1) throw error;
      turn.limit = Math.max(1, Math.floor(turn.limit / 4));
      this.log.warn({ event: 'retention.slow', what: turn.what, limit: turn.limit });
      return true;
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

import { Injectable } from '@nestjs/common';
import { ConversationConfig, SessionConfig } from '../config/config.types.js';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Sample } from '../platform/metrics/metrics.js';
import { Database } from '../platform/postgres/database.js';
import { retentionClasses } from './retention-classes.js';
import type { RetentionClass } from './retention-classes.js';

/** How old an answer may be (ms): some classes take a scan, and several may collect. */
const KEPT_FOR = 30_000;

/** How far one class is behind. */
export interface Overdue {
  name: string;
  /** s since the oldest row should have gone; negative while its time has not come; null: no row; undefined: Postgres did not say */
  seconds: number | null | undefined;
  withinSeconds: number;
  limit: string;
}

/** Shows, for a live system, that what must be forgotten is. */
@Injectable()
export class RetentionLag {
  private readonly classes: readonly RetentionClass[];
  private known: { at: number; classes: Overdue[] } | undefined;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly log: Log,
    conversation: ConversationConfig,
    session: SessionConfig,
    metrics: Metrics,
  ) {
    this.classes = retentionClasses({ conversation, session });
    metrics.series(
      'stoa_retention_overdue_seconds',
      'How long the oldest row of a class has outlived its limit; absent where Postgres did not say',
      ['class'],
      () => this.collect(),
    );
    metrics.series('stoa_retention_within_seconds', 'How long a row of a class may outlive its limit', ['class'], () =>
      this.classes.map(({ name, withinSeconds }) => ({ labels: { class: name }, value: withinSeconds })),
    );
  }

  /** One answer per class, as Postgres' clock has it. Each is asked alone, one after the other: a slow one hides no other. */
  async report(): Promise<Overdue[]> {
    const classes: Overdue[] = [];
    for (const { name, limit, withinSeconds, oldestDue } of this.classes)
      classes.push({ name, limit, withinSeconds, seconds: await this.ask(name, oldestDue) });
    return classes;
  }

  private async ask(name: string, oldestDue: string): Promise<number | null | undefined> {
    try {
      const [row] = await this.database.query<{ seconds: number | null }>(
        `SELECT extract(epoch FROM now() - (${oldestDue}))::float8 AS seconds`,
      );
      return row?.seconds ?? null;
    } catch (error) {
      this.log.warn({ event: 'retention.unseen', class: name, err: error });
      return undefined;
    }
  }

  /** What was seen last; it is looked again meanwhile, so that no scrape waits for a slow Postgres. */
  private async collect(): Promise<Sample[]> {
    if (!this.known || performance.now() - this.known.at > KEPT_FOR)
      this.asking ??= this.lookAgain().finally(() => delete this.asking);
    if (!this.known) await this.asking;
    return (this.known?.classes ?? []).flatMap(({ name, seconds }) =>
      seconds === undefined ? [] : [{ labels: { class: name }, value: Math.max(0, seconds ?? 0) }],
    );
  }

  private async lookAgain(): Promise<void> {
    this.known = { classes: await this.report(), at: performance.now() };
  }
}

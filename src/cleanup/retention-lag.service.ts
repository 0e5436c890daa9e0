import { Injectable } from '@nestjs/common';
import { SessionConfig } from '../config/config.types.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Sample } from '../platform/metrics/metrics.js';
import { Database } from '../platform/postgres/database.js';
import { RETENTION_CLASSES } from './retention-classes.js';

/** How old an answer may be (ms): some classes take a scan, and several may collect. */
const KEPT_FOR = 30_000;

/** How far one class is behind. */
export interface Overdue {
  name: string;
  /** s since the oldest row should have gone; negative while its time has not come; null when there is no row */
  seconds: number | null;
  withinSeconds: number;
  limit: string;
}

/** Shows, for a live system, that what must be forgotten is. */
@Injectable()
export class RetentionLag {
  private kept: { at: number; answer: Promise<Overdue[]> } | undefined;

  constructor(
    private readonly database: Database,
    private readonly sessions: SessionConfig,
    metrics: Metrics,
  ) {
    metrics.series(
      'stoa_retention_overdue_seconds',
      'How long the oldest row of a class has outlived its limit',
      ['class'],
      () => this.collect(({ seconds }) => Math.max(0, seconds ?? 0)),
    );
    metrics.series('stoa_retention_within_seconds', 'How long a row of a class may outlive its limit', ['class'], () =>
      this.collect(({ withinSeconds }) => withinSeconds),
    );
  }

  /** One answer per class, as Postgres' clock has it. */
  async report(): Promise<Overdue[]> {
    const questions = RETENTION_CLASSES.map(
      ({ name, oldestDue }) =>
        `SELECT '${name}' AS name, extract(epoch FROM now() - (${oldestDue}))::float8 AS seconds`,
    );
    const rows = await this.database.query<{ name: string; seconds: number | null }>(questions.join(' UNION ALL '), [
      this.sessions.maxAgeMs / 1_000,
    ]);
    return RETENTION_CLASSES.map(({ name, limit, withinSeconds }) => ({
      name,
      limit,
      withinSeconds,
      seconds: rows.find((row) => row.name === name)?.seconds ?? null,
    }));
  }

  private async collect(value: (overdue: Overdue) => number): Promise<Sample[]> {
    const now = performance.now();
    if (!this.kept || now - this.kept.at > KEPT_FOR) this.kept = { at: now, answer: this.report() };
    return (await this.kept.answer).map((overdue) => ({ labels: { class: overdue.name }, value: value(overdue) }));
  }
}

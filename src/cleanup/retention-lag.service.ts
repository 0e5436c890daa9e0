import { Inject, Injectable } from '@nestjs/common';
import { ConversationConfig, SessionConfig } from '../config/config.types.js';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Sample } from '../platform/metrics/metrics.js';
import { Database } from '../platform/postgres/database.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import type { RedisResident } from '../platform/redis/redis-resident.port.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import { redisResidents } from './redis-residents.js';
import { retentionClasses } from './retention-classes.js';

/** How old an answer may be (ms): some classes take a scan, and several may collect. */
const KEPT_FOR = 30_000;

/** How far one class is behind. */
export interface Overdue {
  name: string;
  /** s since the oldest row should have gone; negative while its time has not come; null: no row; undefined: its store did not say */
  seconds: number | null | undefined;
  withinSeconds: number;
  limit: string;
}

/** A class, and how its store is asked. */
type Question = Omit<Overdue, 'seconds'> & { ask: () => Promise<number | null> };

/** Shows, for a live system, that what must be forgotten is. */
@Injectable()
export class RetentionLag {
  private readonly questions: readonly Question[];
  private known: { at: number; classes: Overdue[] } | undefined;
  private asking: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly log: Log,
    conversation: ConversationConfig,
    session: SessionConfig,
    metrics: Metrics,
  ) {
    this.questions = [
      ...retentionClasses({ conversation, session }).map(({ name, limit, withinSeconds, oldestDue }) => ({
        name,
        limit,
        withinSeconds,
        ask: () => this.askPostgres(oldestDue),
      })),
      ...redisResidents.map(({ name, limit, withinSeconds, oldestDueMs }) => ({
        name,
        limit,
        withinSeconds,
        ask: () => this.askRedis(oldestDueMs),
      })),
    ];
    metrics.series(
      'stoa_retention_overdue_seconds',
      'How long the oldest row of a class has outlived its limit; absent where its store did not say',
      ['class'],
      () => this.collect(),
    );
    metrics.series('stoa_retention_within_seconds', 'How long a row of a class may outlive its limit', ['class'], () =>
      this.questions.map(({ name, withinSeconds }) => ({ labels: { class: name }, value: withinSeconds })),
    );
  }

  /** One answer per class, by its store's clock. Each is asked alone, one after the other: a slow one hides no other. */
  async report(): Promise<Overdue[]> {
    const classes: Overdue[] = [];
    for (const { ask, ...about } of this.questions)
      classes.push({ ...about, seconds: await ask().catch((error: unknown) => this.noteUnseen(about.name, error)) });
    return classes;
  }

  private async askPostgres(oldestDue: string): Promise<number | null> {
    const [row] = await this.database.query<{ seconds: number | null }>(
      `SELECT extract(epoch FROM now() - (${oldestDue}))::float8 AS seconds`,
    );
    return row?.seconds ?? null;
  }

  private async askRedis(oldestDueMs: RedisResident['oldestDueMs']): Promise<number | null> {
    const [dueMs, [seconds, micros]] = await Promise.all([oldestDueMs(this.redis), this.redis.time()]);
    return dueMs === null ? null : Number(seconds) + Number(micros) / 1e6 - dueMs / 1_000;
  }

  private noteUnseen(name: string, error: unknown): undefined {
    this.log.warn({ event: 'retention.unseen', class: name, err: error });
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

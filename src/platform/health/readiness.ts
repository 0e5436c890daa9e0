import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../postgres/database.js';
import { PostgresRoom } from '../postgres/postgres-room.js';
import { probeWrites } from '../redis/primaries.js';
import { REDIS } from '../redis/redis.tokens.js';
import type { RedisClient } from '../redis/redis-connection.js';

/** `degraded` still serves: without Redis conversations go on and matching waits; without room in Postgres all that is there can be read. */
export interface ReadinessReport {
  status: 'ready' | 'degraded' | 'down';
  /** Why it is not simply ready: `postgres` when it is away, `postgres_full`, `redis` when it is away or full, `draining`. */
  reasons: string[];
}

/** How long a report stands (ms): whoever asks, and however often, the stores are asked no oftener. */
const STANDS_FOR = 500;

/** Longest wait for a store's answer (ms). */
const CHECK_TIMEOUT = 1_000;

/** Tells whether this process can serve, and why not. */
@Injectable()
export class Readiness {
  private draining = false;
  private stores?: { asked: number; answers: Promise<string[]> };

  constructor(
    private readonly database: Database,
    private readonly room: PostgresRoom,
    @Inject(REDIS) private readonly redis: RedisClient,
  ) {}

  /** From now on the process asks for no more work. */
  drain(): void {
    this.draining = true;
  }

  async report(): Promise<ReadinessReport> {
    const reasons = [...(await this.storeFaults()), ...(this.draining ? ['draining'] : [])];
    const isDown = reasons.includes('postgres') || reasons.includes('draining');
    const rest = reasons.length > 0 ? 'degraded' : 'ready';
    return { status: isDown ? 'down' : rest, reasons };
  }

  private storeFaults(): Promise<string[]> {
    const now = performance.now();
    if (!this.stores || now - this.stores.asked >= STANDS_FOR) this.stores = { asked: now, answers: this.askStores() };
    return this.stores.answers;
  }

  private async askStores(): Promise<string[]> {
    const [postgres, redis, isFull] = await Promise.all([
      answers(this.database.query('SELECT 1')),
      answers(probeWrites(this.redis)),
      within(this.room.isLacking()),
    ]);
    return [...(postgres ? [] : ['postgres']), ...(isFull ? ['postgres_full'] : []), ...(redis ? [] : ['redis'])];
  }
}

const answers = (question: Promise<unknown>): Promise<boolean> =>
  within(
    question.then(
      () => true,
      () => false,
    ),
  );

/** The answer, or false when it is late. */
function within(answer: Promise<boolean>): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, CHECK_TIMEOUT, false).unref());
  return Promise.race([answer, late]);
}

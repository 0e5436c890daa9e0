import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../postgres/database.js';
import { REDIS } from '../redis/redis.tokens.js';
import type { RedisClient } from '../redis/redis-connection.js';

/** `degraded` still serves: conversations go on without Redis, only matching waits. */
export interface ReadinessReport {
  status: 'ready' | 'degraded' | 'down';
  /** Why it is not simply ready: `postgres` and `redis` when one is away or (Redis) full, `draining`. */
  reasons: string[];
}

/** Longest wait for a store's answer (ms). */
const CHECK_TIMEOUT = 1_000;

/** STRING: nothing; TTL a minute. Written to see that Redis takes writes: one that is full still answers what it holds. */
const PROBE_KEY = 'stoa:probe';
const PROBE_TTL = 60_000;

/** Tells whether this process can serve, and why not. */
@Injectable()
export class Readiness {
  private draining = false;

  constructor(
    private readonly database: Database,
    @Inject(REDIS) private readonly redis: RedisClient,
  ) {}

  /** From now on the process asks for no more work. */
  drain(): void {
    this.draining = true;
  }

  async report(): Promise<ReadinessReport> {
    const [postgres, redis] = await Promise.all([
      answers(this.database.query('SELECT 1')),
      answers(this.redis.set(PROBE_KEY, '', 'PX', PROBE_TTL)),
    ]);
    const reasons = [
      ...(postgres ? [] : ['postgres']),
      ...(redis ? [] : ['redis']),
      ...(this.draining ? ['draining'] : []),
    ];
    if (!postgres || this.draining) return { status: 'down', reasons };
    return { status: redis ? 'ready' : 'degraded', reasons };
  }
}

function answers(question: Promise<unknown>): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(resolve, CHECK_TIMEOUT, false).unref());
  return Promise.race([
    question.then(
      () => true,
      () => false,
    ),
    late,
  ]);
}

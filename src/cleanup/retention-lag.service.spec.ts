import { describe, expect, it } from 'vitest';
import type { ConversationConfig, SessionConfig } from '../config/config.types.js';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Database } from '../platform/postgres/database.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { RetentionLag } from './retention-lag.service.js';

const NOW_S = 2_000_000;
const NOW_MS = NOW_S * 1_000;

type Zsets = Record<string, number | Error>;

/** A Redis of which only the lowest score of each zset is known, and the first entries of the stream. */
const redisOf = (scores: Zsets, deltas: readonly string[] = []) =>
  ({
    time: async () => [NOW_S, 500_000],
    zrange: async (key: string) => {
      const score = scores[key];
      if (score instanceof Error) throw score;
      return score === undefined ? [] : ['member', String(score)];
    },
    xrange: async () => deltas.map((id) => [id, []]),
  }) as unknown as RedisClient;

function lagOf(redis: RedisClient, metrics = new Metrics()): RetentionLag {
  return new RetentionLag(
    { query: async () => [{ seconds: null }] } as unknown as Database,
    redis,
    new Log({ environment: 'test', logLevel: 'silent', rateLimits: false }),
    { reconnectGraceMs: 1, idleMs: 1 } as ConversationConfig,
    { maxAgeMs: 1 } as SessionConfig,
    metrics,
  );
}

async function secondsOf(redis: RedisClient): Promise<Record<string, number | null | undefined>> {
  const known = ['searches', 'claims', 'deltas', 'processes', 'jobs_done', 'jobs_dead'];
  const report = await lagOf(redis).report();
  return Object.fromEntries(known.map((name) => [name, report.find((row) => row.name === name)?.seconds]));
}

describe('what Redis must forget', () => {
  it('is absent where there is none', async () => {
    const none = { searches: null, claims: null, deltas: null, processes: null, jobs_done: null, jobs_dead: null };
    expect(await secondsOf(redisOf({}))).toEqual(none);
    // The last entry of a stream stays.
    expect(await secondsOf(redisOf({}, ['1-0']))).toEqual(none);
  });

  it('is told by the oldest, over or not', async () => {
    const redis = redisOf(
      {
        'stoa:{mm:all}:leases': NOW_MS - 10_000,
        'stoa:{mm:all}:claims': NOW_MS + 4_000,
        'stoa:{limit}:processes': NOW_MS - 36_000,
        '{stoa:queue}:cleanup:completed': NOW_MS - 60_000,
        '{stoa:queue}:matching:completed': NOW_MS - 7_200_000,
        '{stoa:queue}:auth:failed': NOW_MS - 86_400_000,
      },
      [`${NOW_MS - 90_000}-3`, `${NOW_MS}-0`],
    );
    expect(await secondsOf(redis)).toEqual({
      searches: 10.5,
      claims: -3.5,
      deltas: 30.5,
      processes: 1.5,
      jobs_done: 3_600.5,
      jobs_dead: 0.5 - 6 * 86_400,
    });
  });

  it('is unseen by class while Redis does not say', async () => {
    const metrics = new Metrics();
    const redis = redisOf({ 'stoa:{mm:all}:claims': new Error('away'), 'stoa:{mm:all}:leases': NOW_MS - 10_000 });
    const lag = lagOf(redis, metrics);
    expect((await lag.report()).filter(({ seconds }) => seconds === undefined).map(({ name }) => name)).toEqual([
      'claims',
    ]);
    const text = await metrics.registry.metrics();
    expect(text).toContain('stoa_retention_overdue_seconds{class="searches"} 10.5');
    expect(text).not.toContain('stoa_retention_overdue_seconds{class="claims"}');
    expect(text).toContain('stoa_retention_within_seconds{class="claims"} 60');
  });
});

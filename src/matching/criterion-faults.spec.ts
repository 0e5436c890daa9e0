import { describe, expect, it } from 'vitest';
import type { MatchingConfig } from '../config/config.types.js';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { createLogger } from '../platform/logging/log.js';
import type { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { CriterionFaults } from './criterion-faults.js';
import { MatchingCriteria } from './matching-criterion.port.js';
import { MatchingMetrics } from './matching.metrics.js';
import { ShardMemory } from './shard-memory.js';
import { packAttributes } from './ticket-packing.js';

/** The logger of a process, and what it has written. */
function aLog(): { log: Log; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = createLogger('warn', { write: (line: string) => void written.push(line) }) as unknown as Log;
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

const attrs = packAttributes({ ageBand: '25-34', languages: ['en'], interests: [], seeks: {} });

describe('a criterion that fails for every pair', () => {
  it('is counted for each and logged once', async () => {
    const { log, lines } = aLog();
    const metrics = new Metrics();
    const matchingMetrics = new MatchingMetrics(metrics);
    const criteria = new MatchingCriteria();
    const value = (): number => {
      throw new Error('broken');
    };
    criteria.add({ name: 'broken', weight: 0.1, value });
    criteria.add({ name: 'odd', weight: 0.1, value: () => NaN });
    const redis = { get: async () => null } as never;
    const faults = new CriterionFaults(matchingMetrics, log);
    const { mirror } = new ShardMemory(redis, matchingMetrics, log, criteria, faults, {
      policy: DEFAULT_POLICY,
    } as MatchingConfig).of('all');
    for (let i = 0; i < 40; i++)
      mirror.put({ searchId: `s${i}`, userId: `u${i}`, version: 1, sinceMs: 0, attrs, hasLists: false }, undefined);
    expect(mirror.pick({ looks: 100, pairs: 10_000, widenings: 100 })).not.toEqual([]);
    expect(lines()).toMatchObject([
      { event: 'matching.criterion_failed', criterion: 'broken', level: 'warn', err: { message: 'broken' } },
      { event: 'matching.criterion_failed', criterion: 'odd' },
    ]);
    const served = await metrics.registry.metrics();
    for (const name of ['broken', 'odd'])
      expect(served).toContain(`stoa_matching_criterion_faults_total{criterion="${name}"} ${(40 * 39) / 2}`);
  });

  it('is logged again after a minute, with how often it failed', () => {
    const { log, lines } = aLog();
    const faults = new CriterionFaults(new MatchingMetrics(new Metrics()), log);
    for (let ms = 0; ms <= 120_000; ms += 1_000) faults.note('odd', NaN, ms);
    expect(lines().map((line) => line['faults'])).toEqual([1, 60, 60]);
  });
});

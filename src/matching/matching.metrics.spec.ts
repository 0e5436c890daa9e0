import { describe, expect, it } from 'vitest';
import { Metrics } from '../platform/metrics/metrics.js';
import { MatchRates } from './class-counts.js';
import { MatchingMetrics } from './matching.metrics.js';

describe('the metrics by class', () => {
  const ends = (matched: number, gaveUp: number): MatchRates => {
    const rates = new MatchRates();
    for (let i = 0; i < matched; i++) rates.observe('1.0', true);
    for (let i = 0; i < gaveUp; i++) rates.observe('1.1', false);
    return rates;
  };

  it('are of the shards that run here, and gone with them', async () => {
    const metrics = new Metrics();
    const { classes } = new MatchingMetrics(metrics);
    classes.set('en', { counts: new Map([['1.0', { waiting: 7, holding: 2 }]]), matchRates: ends(40, 40) });
    const served = await metrics.registry.metrics();
    for (const line of [
      'stoa_matching_waiting{shard="en",class="1.0"} 7',
      'stoa_matching_holding{shard="en",class="1.0"} 2',
      'stoa_matching_match_rate{shard="en",class="1.0"} 1',
      'stoa_matching_match_rate{shard="en",class="1.1"} 0',
      'stoa_matching_worst_match_rate{shard="en"} 0',
    ])
      expect(served.split('\n')).toContain(line);
    classes.delete('en');
    expect(await metrics.registry.metrics()).not.toContain('shard="en"');
  });

  it('say nothing about a class of which too few have ended', async () => {
    const metrics = new Metrics();
    new MatchingMetrics(metrics).classes.set('en', { counts: new Map(), matchRates: ends(3, 3) });
    expect(await metrics.registry.metrics()).not.toMatch(/^stoa_matching_(worst_)?match_rate\{/m);
  });
});

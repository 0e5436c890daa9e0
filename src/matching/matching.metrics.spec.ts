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
    classes.set('en', {
      counts: new Map([['1.0', { waiting: 7, holding: 2 }]]),
      matchRates: ends(40, 40),
      languageRates: ends(40, 0),
    });
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

  it('count the rounds of a shard, and what they cost', async () => {
    const metrics = new Metrics();
    const matching = new MatchingMetrics(metrics);
    for (const unsettled of [0, 3]) matching.roundDone('en', { participants: 10, visits: 200, unsettled });
    const served = (await metrics.registry.metrics()).split('\n');
    for (const [name, value] of [
      ['rounds', 2],
      ['round_participants', 20],
      ['round_visits', 400],
      ['round_unsettled', 3],
    ])
      expect(served).toContain(`stoa_matching_${name}_total{shard="en"} ${value}`);
  });

  it('are of the commonest languages only, however many come', async () => {
    const metrics = new Metrics();
    const languageRates = new MatchRates();
    for (let i = 0; i < 60; i++)
      for (let ends = 0; ends < 20 + i; ends++) languageRates.observe(`l${i}`, ends % 2 === 0);
    new MatchingMetrics(metrics).classes.set('all', { counts: new Map(), matchRates: ends(0, 0), languageRates });
    const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.includes('language="'));
    expect(lines).toHaveLength(20);
    expect(lines.every((line) => /language="l[45]\d"\} 0\.[45]/.test(line))).toBe(true);
  });

  it('say nothing about a class of which too few have ended', async () => {
    const metrics = new Metrics();
    new MatchingMetrics(metrics).classes.set('en', {
      counts: new Map(),
      matchRates: ends(3, 3),
      languageRates: ends(3, 3),
    });
    expect(await metrics.registry.metrics()).not.toMatch(/^stoa_matching_(worst_)?match_rate\{/m);
  });
});

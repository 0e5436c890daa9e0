import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';

/** Upper bounds (s) for the wait of a person. */
const WAIT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300];

/** What operators see of matching. */
@Injectable()
export class MatchingMetrics {
  readonly wait;
  readonly claims;
  readonly dropped;
  readonly pool;
  readonly tick;
  readonly ended;
  readonly faults;

  constructor(metrics: Metrics) {
    this.wait = metrics.histogram('stoa_matching_wait_seconds', 'From the start of a search to its conversation', {
      labels: ['shard', 'class'],
      buckets: WAIT_BUCKETS,
    });
    this.claims = metrics.counter('stoa_matching_claims_total', 'Proposed pairs by what became of them', {
      labels: ['shard', 'outcome'],
    });
    this.dropped = metrics.counter('stoa_matching_dropped_total', 'Searches that nobody kept alive');
    this.pool = metrics.gauge('stoa_matching_pool_size', 'Waiting searches', undefined, { labels: ['shard'] });
    this.tick = metrics.histogram('stoa_matching_tick_seconds', 'One look at a shard, from the poll to the claims');
    this.ended = metrics.counter('stoa_matching_searches_ended_total', 'Searches that ended, by class and how', {
      labels: ['shard', 'class', 'how'],
    });
    this.faults = metrics.counter(
      'stoa_matching_criterion_faults_total',
      'Pairs scored without a criterion that failed',
      {
        labels: ['criterion'],
      },
    );
  }
}

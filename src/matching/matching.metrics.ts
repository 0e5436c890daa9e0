import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Sample } from '../platform/metrics/metrics.js';
import type { ClassCount, MatchRates } from './class-counts.js';
import type { RoundFigures } from './match-round.js';

/** Upper bounds (s) for the wait of a person. */
const WAIT_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300];

/** `class` is who one is and whom one seeks: `classOf`. */
const BY_CLASS = ['shard', 'class'];

/** How the classes of a running shard fare. */
interface ShardClasses {
  readonly counts: ReadonlyMap<string, ClassCount>;
  readonly matchRates: MatchRates;
  /** By the best language. */
  readonly languageRates: MatchRates;
}

/** Languages with a series of their own: the commonest. */
const MOST_LANGUAGES = 20;

/** What operators see of matching. */
@Injectable()
export class MatchingMetrics {
  readonly wait;
  readonly claims;
  /** Searches; what became of their pairs is among `claims`. */
  readonly resolved;
  readonly dropped;
  readonly pool;
  readonly tick;
  readonly ended;
  readonly faults;
  /** By shard, of those that run in this process: what the gauges by class are read from. */
  readonly classes = new Map<string, ShardClasses>();
  readonly rebuilds;
  private readonly rounds;

  constructor(metrics: Metrics) {
    this.wait = metrics.histogram('stoa_matching_wait_seconds', 'From the start of a search to its conversation', {
      labels: ['shard', 'class'],
      buckets: WAIT_BUCKETS,
    });
    this.claims = metrics.counter('stoa_matching_claims_total', 'Proposed pairs by what became of them', {
      labels: ['shard', 'outcome'],
    });
    this.resolved = metrics.counter(
      'stoa_matching_resolved_total',
      'Claimed searches of which no worker could say how they go on, by how they did (fate) and why it could not (reason)',
      { labels: ['shard', 'fate', 'reason'] },
    );
    this.dropped = metrics.counter('stoa_matching_dropped_total', 'Searches that nobody kept alive');
    this.pool = metrics.gauge('stoa_matching_pool_size', 'Waiting searches', undefined, { labels: ['shard'] });
    this.tick = metrics.histogram('stoa_matching_tick_seconds', 'One look at a shard, from the poll to the claims');
    this.ended = metrics.counter('stoa_matching_searches_ended_total', 'Searches that ended, by class and how', {
      labels: ['shard', 'class', 'how'],
    });
    this.rebuilds = metrics.counter(
      'stoa_matching_mirror_rebuilds_total',
      'Mirrors built anew because claims contradicted them',
      { labels: ['shard'] },
    );
    this.faults = metrics.counter(
      'stoa_matching_criterion_faults_total',
      'Pairs scored without a criterion that failed',
      {
        labels: ['criterion'],
      },
    );
    this.rounds = roundCounters(metrics);
    metrics.series('stoa_matching_waiting', 'Waiting searches by class', BY_CLASS, () =>
      this.byClass(({ counts }) => [...counts].map(([name, { waiting }]) => [name, waiting])),
    );
    metrics.series('stoa_matching_holding', 'Waiting for a better partner than one who is there', BY_CLASS, () =>
      this.byClass(({ counts }) => [...counts].map(([name, { holding }]) => [name, holding])),
    );
    metrics.series('stoa_matching_match_rate', 'Matched among the searches that ended lately, 0..1', BY_CLASS, () =>
      this.byClass(({ matchRates }) => [...matchRates.rates()]),
    );
    metrics.series(
      'stoa_matching_language_match_rate',
      'As the match rate, by best language, of the commonest',
      ['shard', 'language'],
      () =>
        [...this.classes].flatMap(([shard, { languageRates }]) =>
          [...languageRates.commonest(MOST_LANGUAGES)].map(([language, value]) => ({
            labels: { shard, language },
            value,
          })),
        ),
    );
    metrics.series('stoa_matching_worst_match_rate', 'Match rate of the class that fares worst', ['shard'], () =>
      [...this.classes].flatMap(([shard, { matchRates }]) => {
        const value = matchRates.worst();
        return value === undefined ? [] : [{ labels: { shard }, value }];
      }),
    );
  }

  /** A pick that was a round. */
  roundDone(shard: string, figures: RoundFigures): void {
    this.rounds.rounds.inc({ shard });
    for (const name of ['participants', 'visits', 'unsettled'] as const)
      this.rounds[name].inc({ shard }, figures[name]);
  }

  private byClass(read: (shard: ShardClasses) => [searchClass: string, value: number][]): Sample[] {
    return [...this.classes].flatMap(([shard, known]) =>
      read(known).map(([searchClass, value]) => ({ labels: { shard, class: searchClass }, value })),
    );
  }
}

function roundCounters(metrics: Metrics) {
  const labels = ['shard'];
  return {
    rounds: metrics.counter('stoa_matching_rounds_total', 'Exact matchings of all at once', { labels }),
    participants: metrics.counter('stoa_matching_round_participants_total', 'Searches with a partner in a round', {
      labels,
    }),
    visits: metrics.counter('stoa_matching_round_visits_total', 'Possible pairs that the solver looked at', { labels }),
    unsettled: metrics.counter(
      'stoa_matching_round_unsettled_total',
      'Searches that the bound on the solver left to the greedy choice',
      { labels },
    ),
  };
}

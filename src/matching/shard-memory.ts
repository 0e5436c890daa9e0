import { Inject, Injectable } from '@nestjs/common';
import { MatchingConfig } from '../config/config.types.js';
import { Log } from '../platform/logging/log.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { MatchRates } from './class-counts.js';
import { CriterionFaults } from './criterion-faults.js';
import { Learning } from './learning.js';
import type { LearningSnapshot } from './learning.js';
import { MatchingCriteria } from './matching-criterion.port.js';
import { MatchingMetrics } from './matching.metrics.js';
import { RecentWaits } from './recent-waits.js';
import { classOf, languageOf } from './search-class.js';
import { ShardMirror } from './shard-mirror.js';
import { learningKey } from './shard.keys.js';

/** How long what was learnt is of use (ms). */
const LEARNING_TTL_MS = 24 * 3_600_000;

/** ms between two snapshots of a running shard */
const SNAPSHOT_EVERY_MS = 10_000;

/** What a process knows of a shard that it runs, or ran. */
export interface KnownShard {
  readonly mirror: ShardMirror;
  readonly waits: RecentWaits;
  readonly matchRates: MatchRates;
  /** By `languageOf`. */
  readonly languageRates: MatchRates;
  /** ms of the shard's clock */
  savedAtMs: number;
}

/** Remembers shards between runs: the mirror in this process, what was learnt also in Redis, for a worker that takes over. */
@Injectable()
export class ShardMemory {
  private readonly known = new Map<string, KnownShard>();

  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly metrics: MatchingMetrics,
    private readonly log: Log,
    private readonly criteria: MatchingCriteria,
    private readonly faults: CriterionFaults,
    private readonly config: MatchingConfig,
  ) {}

  async of(shard: string): Promise<KnownShard> {
    const known = this.known.get(shard);
    if (known) return known;
    const learning = await this.load(shard);
    const [matchRates, languageRates] = [new MatchRates(), new MatchRates()];
    const mirror = new ShardMirror({
      ...(learning ? { learning } : {}),
      config: this.config.policy,
      criteria: this.criteria.all(),
      onFault: (criterion, fault) => this.faults.note(criterion, fault),
      onDeparture: (ticket, how) => {
        if (how === 'gave_up') {
          matchRates.observe(classOf(ticket), false);
          languageRates.observe(languageOf(ticket), false);
        }
        this.metrics.ended.inc({ shard, class: classOf(ticket), how });
      },
    });
    const fresh = { mirror, waits: new RecentWaits(), matchRates, languageRates, savedAtMs: 0 };
    this.known.set(shard, fresh);
    return fresh;
  }

  /** Now and then while a shard runs; what is lost with a process costs some seconds of learning. */
  async saveWhenDue(shard: string, known: KnownShard): Promise<void> {
    if (known.mirror.nowMs - known.savedAtMs >= SNAPSHOT_EVERY_MS) await this.save(shard, known);
  }

  /** At the end of a run: a shard may rest for hours, and another worker may be the next to run it. */
  async save(shard: string, known: KnownShard): Promise<void> {
    known.savedAtMs = known.mirror.nowMs;
    const snapshot = JSON.stringify(known.mirror.policy.learning.toSnapshot());
    await this.redis.set(learningKey(shard), snapshot, 'PX', LEARNING_TTL_MS);
  }

  private async load(shard: string): Promise<Learning | undefined> {
    try {
      const snapshot = await this.redis.get(learningKey(shard));
      return snapshot === null ? undefined : Learning.fromSnapshot(JSON.parse(snapshot) as LearningSnapshot);
    } catch (error) {
      this.log.warn({ event: 'matching.snapshot_unreadable', shard, err: error });
      return undefined;
    }
  }
}

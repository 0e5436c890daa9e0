import { Inject, Injectable } from '@nestjs/common';
import { MatchingConfig } from '../config/config.types.js';
import { Log } from '../platform/logging/log.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { MatchRates } from './class-counts.js';
import { CriterionFaults } from './criterion-faults.js';
import { hasPassed } from './has-passed.js';
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
  /** When what it has learnt was last written, here or by whoever it was read from; ms of the shard's clock, 0: never. */
  savedAtMs: number;
}

/**
 * What was learnt, as Redis keeps it. How rare interests are is not in it: those are words that people typed, and nothing is to keep them
 * beyond the searches and their deltas. So a worker that has not seen the shard takes all for equally rare at first, and learns it from who comes.
 */
interface SavedLearning extends LearningSnapshot {
  /** ms of the shard's clock; absent in those of older versions. */
  readonly savedAtMs?: number;
  /** `ShardMirror.learntTo`; absent in those of older versions. */
  readonly learntTo?: string;
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

  of(shard: string): KnownShard {
    const known = this.known.get(shard) ?? this.newShard(shard);
    this.known.set(shard, known);
    return known;
  }

  private newShard(shard: string): KnownShard {
    const [matchRates, languageRates] = [new MatchRates(), new MatchRates()];
    const mirror = new ShardMirror({
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
    return { mirror, waits: new RecentWaits(), matchRates, languageRates, savedAtMs: 0 };
  }

  /** At the start of a run: takes over what another worker has learnt since this one last ran the shard. What it has learnt is not learnt again. */
  async recall(shard: string, known: KnownShard): Promise<void> {
    try {
      const text = await this.redis.get(learningKey(shard));
      const saved = text === null ? undefined : (JSON.parse(text) as SavedLearning);
      // Not only a later time: clocks go back. Who ran the shard last has written, so that another time is that of another worker.
      if (!saved || saved.savedAtMs === known.savedAtMs || !Learning.canRead(saved)) return;
      known.mirror.policy.learning = Learning.fromSnapshot(saved);
      known.mirror.learntTo = saved.learntTo ?? '';
      known.savedAtMs = saved.savedAtMs ?? 0;
    } catch (error) {
      this.log.warn({ event: 'matching.snapshot_unreadable', shard, err: error });
    }
  }

  /** Now and then while a shard runs; what is lost with a process costs some seconds of learning. */
  async saveWhenDue(shard: string, known: KnownShard): Promise<void> {
    if (hasPassed(SNAPSHOT_EVERY_MS, known.savedAtMs, known.mirror.nowMs)) await this.save(shard, known);
  }

  /** At the end of a run: a shard may rest for hours, and another worker may be the next to run it. */
  async save(shard: string, known: KnownShard): Promise<void> {
    const savedAtMs = known.mirror.nowMs;
    const { policy, learntTo } = known.mirror;
    const saved: SavedLearning = { ...policy.learning.toSnapshot(), savedAtMs, learntTo };
    await this.redis.set(learningKey(shard), JSON.stringify(saved), 'PX', LEARNING_TTL_MS);
    known.savedAtMs = savedAtMs;
  }
}

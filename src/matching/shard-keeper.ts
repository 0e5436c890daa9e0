import { Injectable } from '@nestjs/common';
import { JobProducer } from '../platform/queue/job-producer.js';
import { matchingJobs } from './matching.jobs.js';
import { OutcomeRepository } from './outcome.repository.js';
import { SWEEP_MS } from './search.limits.js';
import { ShardRunner } from './shard-runner.js';
import { ShardSweeper } from './shard-sweeper.js';
import { allShards } from './shard.js';

/** ms between two looks at what ended, and conversations noted in one transaction. */
const OUTCOMES_EVERY_MS = 60_000;
const OUTCOME_BATCH = 500;

/** What the worker does for the shards. */
@Injectable()
export class ShardKeeper {
  constructor(
    private readonly runner: ShardRunner,
    private readonly sweeper: ShardSweeper,
    private readonly outcomes: OutcomeRepository,
    private readonly producer: JobProducer,
  ) {}

  /** Pairs people until nobody waits; a process that drains hands over to another one. */
  async run(shard: string, signal: AbortSignal): Promise<void> {
    if (await this.runner.run(shard, signal)) await this.producer.add(matchingJobs, 'shard.run', { shard });
  }

  async sweep(): Promise<void> {
    for (const shard of allShards()) await this.sweeper.sweep(shard);
  }

  async collectOutcomes(): Promise<void> {
    while ((await this.outcomes.collect(OUTCOME_BATCH)) === OUTCOME_BATCH);
  }

  async schedule(): Promise<void> {
    await this.producer.schedule(matchingJobs, 'shard.sweep', SWEEP_MS, {});
    await this.producer.schedule(matchingJobs, 'outcome.collect', OUTCOMES_EVERY_MS, {});
  }
}

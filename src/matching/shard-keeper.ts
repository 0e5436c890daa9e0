import { Injectable } from '@nestjs/common';
import { JobProducer } from '../platform/queue/job-producer.js';
import { matchingJobs } from './matching.jobs.js';
import { SWEEP_MS } from './search.limits.js';
import { ShardRunner } from './shard-runner.js';
import { ShardSweeper } from './shard-sweeper.js';
import { allShards } from './shard.js';

/** What the worker does for the shards. */
@Injectable()
export class ShardKeeper {
  constructor(
    private readonly runner: ShardRunner,
    private readonly sweeper: ShardSweeper,
    private readonly producer: JobProducer,
  ) {}

  /** Pairs people until nobody waits; a process that drains hands over to another one. */
  async run(shard: string, signal: AbortSignal): Promise<void> {
    if (await this.runner.run(shard, signal)) await this.producer.add(matchingJobs, 'shard.run', { shard });
  }

  async sweep(): Promise<void> {
    for (const shard of allShards()) await this.sweeper.sweep(shard);
  }

  scheduleSweeps(): Promise<void> {
    return this.producer.schedule(matchingJobs, 'shard.sweep', SWEEP_MS, {});
  }
}

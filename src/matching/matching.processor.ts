import { Injectable } from '@nestjs/common';
import type { JobHandlers } from '../platform/queue/job-definitions.js';
import { Processor } from '../platform/queue/processor.decorator.js';
import type { JobProcessor } from '../platform/queue/processor.decorator.js';
import { ShardKeeper } from './shard-keeper.js';
import { matchingJobs } from './matching.jobs.js';

/** The worker's door to matching. */
@Processor()
@Injectable()
export class MatchingProcessor implements JobProcessor<typeof matchingJobs> {
  readonly queue = matchingJobs;
  /** A run takes as long as anybody waits in its shard: one place for each, and room for sweeps. */
  readonly concurrency = 32;
  readonly handlers: JobHandlers<typeof matchingJobs> = {
    'shard.run': ({ shard }, { signal }) => this.keeper.run(shard, signal),
    'shard.sweep': () => this.keeper.sweep(),
    'outcome.collect': () => this.keeper.collectOutcomes(),
  };

  constructor(private readonly keeper: ShardKeeper) {}

  schedule(): Promise<void> {
    return this.keeper.schedule();
  }
}

import { IsString, Length } from 'class-validator';
import { defineJobs } from '../platform/queue/job-definitions.js';

/** `shard.run`: pairs the people who wait in a shard, for as long as anybody does. */
export class RunShard {
  @IsString()
  @Length(1, 32)
  shard!: string;
}

/** `shard.sweep`: looks after what outlived its lease, in every shard. */
export class SweepShards {}

/** `outcome.collect`: notes how the conversations that ended went. */
export class CollectOutcomes {}

/**
 * `shard.run` is deduplicated where the searches are: `enqueue.lua` asks for one run of a shard that nobody runs, atomically with
 * the arrival. A wake-up that is lost and a run that failed are asked for again by the sweep, or by a heartbeat of anybody who waits;
 * so a shard may have two runners for a moment, which is safe, only wasteful.
 */
export const matchingJobs = defineJobs('matching', {
  'shard.run': { payload: RunShard, options: { attempts: 1, removeOnComplete: { count: 100 } } },
  'outcome.collect': { payload: CollectOutcomes, options: { attempts: 1, removeOnComplete: true } },
  'shard.sweep': { payload: SweepShards, options: { attempts: 1, removeOnComplete: true } },
});

import { Inject, Injectable } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { Metrics } from '../metrics/metrics.js';
import type { Sample } from '../metrics/metrics.js';
import { lowestScore } from '../redis/lowest-score.js';
import type { RedisClient } from '../redis/redis-connection.js';
import { REDIS } from '../redis/redis.tokens.js';
import { JobProducer } from './job-producer.js';
import { JobRunner } from './job-runner.js';

/** BullMQ's score of a delayed job: when it is due (ms), times this, and its place among those of the same ms. */
const DELAYED_SCORES_PER_MS = 4_096;

/** What waits in the queues, sampled when it is collected. Every worker tells the same: take the maximum, not the sum. */
@Injectable()
export class QueueMetrics {
  constructor(
    private readonly runner: JobRunner,
    private readonly producer: JobProducer,
    @Inject(REDIS) redis: RedisClient,
    metrics: Metrics,
  ) {
    metrics.series(
      'stoa_queue_jobs',
      'Jobs by queue and state; failed ones are the dead letters',
      ['queue', 'state'],
      () => this.ofEach(countJobs),
    );
    metrics.series('stoa_queue_lag_seconds', 'How long the oldest job that has not begun has been due', ['queue'], () =>
      this.ofEach(async (queue) => [{ labels: { queue: queue.name }, value: await lagOf(queue, redis) }]),
    );
  }

  private async ofEach(read: (queue: Queue) => Promise<Sample[]>): Promise<Sample[]> {
    return (await Promise.all(this.runner.queues.map((queue) => read(this.producer.queueOf(queue))))).flat();
  }
}

async function countJobs(queue: Queue): Promise<Sample[]> {
  const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'failed');
  return Object.entries(counts).map(([state, value]) => ({ labels: { queue: queue.name, state }, value }));
}

/** BullMQ moves due jobs among the waiting only when a worker has a place for one: while all are taken they stay among the delayed. */
async function lagOf(queue: Queue, redis: RedisClient): Promise<number> {
  const [[oldest], firstDelayed] = await Promise.all([
    queue.getWaiting(0, 0),
    lowestScore(redis, [queue.toKey('delayed')]),
  ]);
  const now = Date.now();
  const waits = oldest ? secondsDue(oldest, now) : 0;
  const isPutOff = firstDelayed === null ? 0 : (now - firstDelayed / DELAYED_SCORES_PER_MS) / 1_000;
  return Math.max(waits, isPutOff);
}

/** How long (s) a job has been due at `now` (ms): since it was added or last tried, and its delay. */
export function secondsDue(
  { timestamp, processedOn, delay }: Pick<Job, 'timestamp' | 'processedOn' | 'delay'>,
  now: number,
): number {
  return Math.max(0, now - (processedOn ?? timestamp) - delay) / 1_000;
}

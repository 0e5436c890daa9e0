import { Injectable } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { Metrics } from '../metrics/metrics.js';
import type { Sample } from '../metrics/metrics.js';
import { JobProducer } from './job-producer.js';
import { JobRunner } from './job-runner.js';

/** What waits in the queues, sampled when it is collected. Every worker tells the same: take the maximum, not the sum. */
@Injectable()
export class QueueMetrics {
  constructor(
    private readonly runner: JobRunner,
    private readonly producer: JobProducer,
    metrics: Metrics,
  ) {
    metrics.series(
      'stoa_queue_jobs',
      'Jobs by queue and state; failed ones are the dead letters',
      ['queue', 'state'],
      () => this.ofEach(countJobs),
    );
    metrics.series('stoa_queue_lag_seconds', 'How long the oldest waiting job has been due', ['queue'], () =>
      this.ofEach(async (queue) => [{ labels: { queue: queue.name }, value: await lagOf(queue) }]),
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

async function lagOf(queue: Queue): Promise<number> {
  const [oldest] = await queue.getWaiting(0, 0);
  return oldest ? secondsDue(oldest, Date.now()) : 0;
}

/** How long (s) a job has been due at `now` (ms): since it was added or last tried, and its delay. */
export function secondsDue(
  { timestamp, processedOn, delay }: Pick<Job, 'timestamp' | 'processedOn' | 'delay'>,
  now: number,
): number {
  return Math.max(0, now - (processedOn ?? timestamp) - delay) / 1_000;
}

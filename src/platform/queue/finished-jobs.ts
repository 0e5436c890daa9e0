import { QueueKeys } from 'bullmq';
import { lowestScore } from '../redis/lowest-score.js';
import type { RedisResident } from '../redis/redis-resident.port.js';
import type { QueueDefinition } from './job-definitions.js';
import { KEEP_DONE, KEEP_FAILED, QUEUE_PREFIX } from './job-producer.js';

/** `job.forget` looks once an hour, and BullMQ itself when another job of the queue ends. */
const WITHIN_SECONDS = 3 * 3_600;

/** Jobs of these queues that have ended: BullMQ lists them by when (ms, the worker's clock). */
export function finishedJobs(queues: readonly QueueDefinition[]): RedisResident[] {
  const keys = new QueueKeys(QUEUE_PREFIX);
  const ended = (name: string, list: 'completed' | 'failed', keptSeconds: number): RedisResident => ({
    name,
    limit: `${keptSeconds / 3_600} h after they ended`,
    withinSeconds: WITHIN_SECONDS,
    oldestDueMs: async (redis) => {
      const endedAt = await lowestScore(
        redis,
        queues.map(({ queue }) => keys.toKey(queue, list)),
      );
      return endedAt === null ? null : endedAt + keptSeconds * 1_000;
    },
  });
  return [ended('jobs_done', 'completed', KEEP_DONE.age), ended('jobs_dead', 'failed', KEEP_FAILED.age)];
}

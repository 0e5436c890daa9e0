import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import { REDIS } from '../redis/redis.tokens.js';
import type { RedisClient } from '../redis/redis-connection.js';
import { KEEP_DONE, KEEP_FAILED, JobProducer } from './job-producer.js';
import { JobRunner } from './job-runner.js';

/** Jobs of one call: Redis is held meanwhile. */
const BATCH = 1_000;

/** Forgets finished jobs by age. BullMQ does so only when another job of the queue ends in the same way. */
@Injectable()
export class JobJanitor {
  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly runner: JobRunner,
    private readonly producer: JobProducer,
  ) {}

  /** @returns how many went */
  async forgetFinished(): Promise<number> {
    const gone = await Promise.all(
      this.runner.queues.flatMap((definition) => {
        const queue = this.producer.queueOf(definition);
        return [clean(queue, KEEP_DONE.age, 'completed'), clean(queue, KEEP_FAILED.age, 'failed')];
      }),
    );
    await Promise.all(this.runner.queues.map((definition) => this.forgetEvents(this.producer.queueOf(definition))));
    return gone.reduce((sum, count) => sum + count, 0);
  }

  /** BullMQ notes the id of each job in a stream that nobody of ours reads, and trims it by number alone. */
  private async forgetEvents(queue: Queue): Promise<void> {
    await this.redis.xtrim(queue.toKey('events'), 'MAXLEN', 0);
  }
}

/** All of them: the next look is an hour away. */
async function clean(queue: Queue, keptSeconds: number, list: 'completed' | 'failed'): Promise<number> {
  let total = 0;
  for (let gone = BATCH; gone === BATCH; total += gone)
    gone = (await queue.clean(keptSeconds * 1_000, BATCH, list)).length;
  return total;
}

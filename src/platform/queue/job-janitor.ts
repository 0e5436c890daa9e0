import { Injectable } from '@nestjs/common';
import { KEEP_DONE, KEEP_FAILED, JobProducer } from './job-producer.js';
import { JobRunner } from './job-runner.js';

/** Jobs of one look at one queue. */
const BATCH = 1_000;

/** Forgets finished jobs by age. BullMQ does so only when another job of the queue ends in the same way. */
@Injectable()
export class JobJanitor {
  constructor(
    private readonly runner: JobRunner,
    private readonly producer: JobProducer,
  ) {}

  /** @returns how many went */
  async forgetFinished(): Promise<number> {
    const gone = await Promise.all(
      this.runner.queues.flatMap((definition) => {
        const queue = this.producer.queueOf(definition);
        return [
          queue.clean(KEEP_DONE.age * 1_000, BATCH, 'completed'),
          queue.clean(KEEP_FAILED.age * 1_000, BATCH, 'failed'),
        ];
      }),
    );
    return gone.flat().length;
  }
}

import { ConversationConfig } from '../config/config.types.js';
import type { JobHandlers } from '../platform/queue/job-definitions.js';
import { JobJanitor } from '../platform/queue/job-janitor.js';
import { JobProducer } from '../platform/queue/job-producer.js';
import { Processor } from '../platform/queue/processor.decorator.js';
import type { JobProcessor } from '../platform/queue/processor.decorator.js';
import { cleanupJobs } from './cleanup.jobs.js';
import { ConversationSweep } from './conversation-sweep.service.js';
import { retentionIntervalMs, SWEEP_MS } from './intervals.js';
import { Retention } from './retention.service.js';

const HOUR = 3_600_000;

@Processor()
export class CleanupProcessor implements JobProcessor<typeof cleanupJobs> {
  readonly queue = cleanupJobs;

  readonly handlers: JobHandlers<typeof cleanupJobs> = {
    'conversation.abandon': () => this.sweep.endAbandoned(),
    'conversation.sweep': () => this.sweep.run(),
    'retention.run': (_, { signal }) => this.retention.deleteDue(signal),
    'partition.keep': () => this.retention.keepPartitions(),
    'session.expire': (_, { signal }) => this.retention.expireSessions(signal),
    'job.forget': () => this.janitor.forgetFinished(),
  };

  constructor(
    private readonly sweep: ConversationSweep,
    private readonly retention: Retention,
    private readonly jobs: JobProducer,
    private readonly durations: ConversationConfig,
    private readonly janitor: JobJanitor,
  ) {}

  async schedule(): Promise<void> {
    await this.jobs.schedule(cleanupJobs, 'conversation.sweep', SWEEP_MS, {});
    await this.jobs.schedule(cleanupJobs, 'retention.run', retentionIntervalMs(this.durations.messageRetentionMs), {});
    await this.jobs.schedule(cleanupJobs, 'partition.keep', HOUR, {});
    await this.jobs.schedule(cleanupJobs, 'session.expire', HOUR, {});
    await this.jobs.schedule(cleanupJobs, 'job.forget', HOUR, {});
  }
}

import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { DiscoveryService } from '@nestjs/core';
import { UnrecoverableError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import { RedisConfig } from '../../config/config.types.js';
import { isPassingFault } from '../errors/error-mapper.js';
import { newRequestId } from '../request-context/request-id.js';
import { runInContext } from '../request-context/request-context.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { createRedis } from '../redis/redis-connection.js';
import type { RedisClient } from '../redis/redis-connection.js';
import { traced } from '../tracing/traced.js';
import { compileDto } from '../validation/compile-dto.js';
import type { JobRun, QueueDefinition } from './job-definitions.js';
import { QUEUE_PREFIX } from './job-producer.js';
import type { JobData } from './job-producer.js';
import { Processor } from './processor.decorator.js';
import type { JobProcessor } from './processor.decorator.js';

/** Longest wait for running jobs at shutdown (ms); a job cut off here runs again elsewhere. */
const CLOSE_DEADLINE = 8_000;

const DEFAULT_CONCURRENCY = 4;

/** How often a job may have stopped its worker in the middle. */
const MAX_STALLS = 3;

/** Stands in the metrics for a job that is gone when its failure is told. */
const UNKNOWN_JOB = 'unknown';

/** As it lies in Redis: null, where somebody has put that there by hand. */
type StoredJob = Job<JobData | null>;

/** Runs the processors of a worker process. The start fails when two claim one queue. */
@Injectable()
export class JobRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** The queues whose jobs this process runs. */
  readonly queues: QueueDefinition[] = [];
  private readonly workers: Worker[] = [];
  private readonly connections: RedisClient[] = [];
  private readonly draining = new AbortController();
  /** Repeated jobs that run in this process now, by queue and name. */
  private readonly repeating = new Set<string>();
  private readonly seconds;
  private readonly failures;
  private readonly stalls;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly redis: RedisConfig,
    private readonly log: Log,
    metrics: Metrics,
  ) {
    this.seconds = metrics.histogram('stoa_job_seconds', 'Run time of jobs', { labels: ['queue', 'job'] });
    this.failures = metrics.counter('stoa_job_failures_total', 'Failed runs of jobs; dead when no attempt is left', {
      labels: ['queue', 'job', 'dead'],
    });
    this.stalls = metrics.counter('stoa_job_stalls_total', 'Jobs taken over from a worker that stopped in the middle', {
      labels: ['queue'],
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    const processors = this.discovery
      .getProviders({ metadataKey: Processor.KEY })
      .map((wrapper) => wrapper.instance as JobProcessor);
    const queues = processors.map((p) => p.queue.queue);
    const doubled = queues.find((name, i) => queues.indexOf(name) !== i);
    if (doubled) throw new Error(`two processors claim the queue ${doubled}`);
    for (const processor of processors) {
      this.start(processor);
      await processor.schedule?.();
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.draining.abort();
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_DEADLINE).unref());
    await Promise.race([Promise.allSettled(this.workers.map((worker) => worker.close())), deadline]);
    for (const connection of this.connections) connection.disconnect();
  }

  private start(processor: JobProcessor): void {
    const { queue } = processor.queue;
    this.queues.push(processor.queue);
    this.countFromNothing(processor.queue);
    const connection = createRedis(this.redis.urls, 'worker', (error) =>
      this.log.debug({ event: 'redis.connection_error', profile: 'worker', err: error }),
    );
    const worker = new Worker<JobData | null>(queue, (job) => this.run(processor, job), {
      connection,
      prefix: QUEUE_PREFIX,
      concurrency: processor.concurrency ?? DEFAULT_CONCURRENCY,
      lockDuration: 15_000,
      stalledInterval: 10_000,
      maxStalledCount: MAX_STALLS,
    });
    worker.on('error', (error) => this.log.debug({ event: 'worker.error', queue, err: error }));
    worker.on('stalled', () => this.stalls.inc({ queue }));
    worker.on('failed', (job, error) => this.noteFailure(queue, job, error));
    this.workers.push(worker);
    this.connections.push(connection);
  }

  /** Every counter at 0: Prometheus sees no increase in a counter that begins at 1, and the first dead job would alarm nobody. */
  private countFromNothing({ queue, jobs }: QueueDefinition): void {
    for (const job of [...Object.keys(jobs), UNKNOWN_JOB])
      for (const dead of ['true', 'false']) this.failures.inc({ queue, job, dead }, 0);
    for (const job of Object.keys(jobs)) this.seconds.zero({ queue, job });
    this.stalls.inc({ queue }, 0);
  }

  private run(processor: JobProcessor, job: StoredJob): Promise<unknown> {
    const requestId = job.data?.rid ?? newRequestId();
    const name = `job ${processor.queue.queue} ${job.name}`;
    const options = { kind: SpanKind.CONSUMER, parent: job.data?.trace };
    return runInContext({ requestId }, () => traced(name, options, () => this.handle(processor, job)));
  }

  private async handle(processor: JobProcessor, job: StoredJob): Promise<unknown> {
    const handler = processor.handlers[job.name];
    const refusal = refusalOf(processor.queue, job);
    if (refusal || !handler || !job.data) throw new UnrecoverableError(refusal ?? `no handler for ${job.name}`);
    const { payload } = job.data;
    const run: JobRun = { id: job.id ?? '', attempt: job.attemptsMade + 1, signal: this.draining.signal };
    return this.oneAtATime(processor.queue.queue, job, async () => {
      const end = this.seconds.startTimer({ queue: processor.queue.queue, job: job.name });
      try {
        return await handler(payload, run);
      } finally {
        end();
      }
    });
  }

  /**
   * Once at a time in a process where the job is repeated. BullMQ plans the next run when one starts: those that last longer than
   * their interval would take all places of the queue, and no other job of it would run.
   */
  private async oneAtATime(queue: string, job: StoredJob, work: () => Promise<unknown>): Promise<unknown> {
    if (job.repeatJobKey === undefined) return work();
    const key = `${queue} ${job.name}`;
    if (this.repeating.has(key)) {
      this.log.debug({ event: 'job.skipped', queue, job: job.name, jobId: job.id });
      return 'skipped: an earlier run goes on';
    }
    this.repeating.add(key);
    try {
      return await work();
    } finally {
      this.repeating.delete(key);
    }
  }

  private noteFailure(queue: string, job: StoredJob | undefined, error: Error): void {
    // A repeated job whose store is away for a moment is not lost: its next run is near.
    const runsAgain = job?.repeatJobKey !== undefined && isPassingFault(error);
    const dead =
      !runsAgain &&
      (job === undefined || error instanceof UnrecoverableError || job.attemptsMade >= (job.opts.attempts ?? 1));
    this.failures.inc({ queue, job: job?.name ?? UNKNOWN_JOB, dead: String(dead) });
    this.log[dead ? 'error' : 'warn']({
      event: dead ? 'job.dead' : 'job.failed',
      queue,
      job: job?.name,
      jobId: job?.id,
      attempt: job?.attemptsMade,
      requestId: job?.data?.rid,
      err: error,
    });
  }
}

/** Why this job is not to be run now, and never will: refused once, visible among the failed, not retried. */
function refusalOf({ jobs }: QueueDefinition, job: StoredJob): string | undefined {
  const definition = jobs[job.name];
  if (!definition) return `no handler for ${job.name}`;
  // BullMQ itself refuses those that are not repeated, and would let a repeated one stop worker after worker.
  if (job.stalledCounter > MAX_STALLS) return 'stalled more often than it may';
  const errors = compileDto(definition.payload)(job.data?.payload);
  return errors && `payload refused: ${errors.map((e) => `${e.field} ${e.code}`).join(', ')}`;
}

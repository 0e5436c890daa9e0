import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { DeduplicationOptions, JobsOptions } from 'bullmq';
import { Unavailable } from '../errors/stoa-error.js';
import { Log } from '../logging/log.js';
import { REDIS } from '../redis/redis.tokens.js';
import type { RedisClient } from '../redis/redis-connection.js';
import { RedisEpoch } from '../redis/redis-epoch.js';
import { currentContext } from '../request-context/request-context.js';
import { currentTraceParent } from '../tracing/traced.js';
import type { TraceParent } from '../tracing/traced.js';
import type { PayloadOf, QueueDefinition } from './job-definitions.js';

/** One hash tag for all keys of all queues: BullMQ's scripts need that on a cluster. */
export const QUEUE_PREFIX = '{stoa:queue}';

/** How long done and failed jobs stay visible (s, and at most so many). Failed ones are the dead letters. */
export const KEEP_DONE = { age: 3_600, count: 1_000 };
export const KEEP_FAILED = { age: 7 * 86_400, count: 5_000 };

/** ms between two looks whether every repeated job is still to come */
const LOOK_INTERVAL = 20_000;

/** What travels in Redis: the payload and the id of the request that caused it. */
export interface JobData {
  rid?: string;
  /** The span that caused it, while tracing is on. */
  trace?: TraceParent;
  payload: object;
}

interface AddOptions {
  /** ms */
  delayMs?: number;
  deduplication?: DeduplicationOptions;
}

interface Schedule {
  queue: QueueDefinition;
  name: string;
  everyMs: number;
  payload: object;
}

/** Puts jobs on their queues. Rejects at once while Redis is away: a sweep finds what was missed. */
@Injectable()
export class JobProducer implements OnApplicationShutdown {
  private readonly queues = new Map<string, Queue>();
  private readonly schedules: Schedule[] = [];
  private timer?: NodeJS.Timeout;

  constructor(
    @Inject(REDIS) private readonly redis: RedisClient,
    private readonly log: Log,
    epoch: RedisEpoch,
  ) {
    epoch.onChange('job schedulers', () => this.upsertAll());
    redis.on('ready', () => void this.upsertAll().catch(() => undefined));
  }

  async add<Q extends QueueDefinition, Name extends keyof Q['jobs'] & string>(
    queue: Q,
    name: Name,
    payload: PayloadOf<Q, Name>,
    { delayMs, deduplication }: AddOptions = {},
  ): Promise<void> {
    const definition = queue.jobs[name];
    const rid = currentContext()?.requestId;
    const parent = currentTraceParent();
    const data: JobData = { payload, ...(rid ? { rid } : {}), ...(parent ? { trace: parent } : {}) };
    const options: JobsOptions = {
      ...definition?.options,
      ...(delayMs === undefined ? {} : { delay: delayMs }),
      ...(deduplication ? { deduplication } : {}),
      ...(definition?.id ? { jobId: `${name}-${definition.id(payload)}` } : {}),
    };
    await this.queueOf(queue).add(name, data, options);
  }

  /**
   * Runs a job every `everyMs`, once in the whole deployment; put back by itself when Redis was emptied, and when a clock that was
   * ahead has put it off.
   */
  async schedule<Q extends QueueDefinition, Name extends keyof Q['jobs'] & string>(
    queue: Q,
    name: Name,
    everyMs: number,
    payload: PayloadOf<Q, Name>,
  ): Promise<void> {
    const schedule = { queue, name, everyMs, payload };
    this.schedules.push(schedule);
    this.timer ??= setInterval(() => void this.lookAfterAll(), LOOK_INTERVAL).unref();
    await this.upsert(schedule).catch((error: unknown) => {
      this.log.warn({ event: 'job.schedule_postponed', job: name, err: error });
    });
  }

  /** BullMQ's own view of a queue, for dashboards and metrics. @throws Unavailable while Redis is away */
  queueOf(definition: QueueDefinition): Queue {
    const known = this.queues.get(definition.queue);
    if (known) return known;
    // A queue that is made without Redis never recovers: BullMQ asks for the version once, in the constructor.
    if (this.redis.status !== 'ready') throw new Unavailable();
    const queue = new Queue(definition.queue, {
      connection: this.redis,
      prefix: QUEUE_PREFIX,
      skipWaitingForReady: true,
      defaultJobOptions: {
        attempts: 5,
        backoff: { type: 'exponential', delay: 1_000 },
        removeOnComplete: KEEP_DONE,
        removeOnFail: KEEP_FAILED,
      },
    });
    queue.on('error', (error) => this.log.debug({ event: 'queue.error', queue: definition.queue, err: error }));
    queue.waitUntilReady().catch(() => this.queues.delete(definition.queue));
    this.queues.set(definition.queue, queue);
    return queue;
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await Promise.allSettled([...this.queues.values()].map((queue) => queue.close()));
  }

  /** @throws what the last that failed threw */
  private async upsertAll(): Promise<void> {
    let failure: unknown;
    await this.forEachSchedule(
      (schedule) => this.upsert(schedule),
      (error) => (failure = error),
    );
    if (failure) throw failure;
  }

  private lookAfterAll(): Promise<void> {
    return this.forEachSchedule(async (schedule) => {
      if (!(await this.isToCome(schedule))) await this.putAnew(schedule);
    });
  }

  /** One that fails does not keep the others from coming back. */
  private async forEachSchedule(
    look: (schedule: Schedule) => Promise<void>,
    onFailure?: (error: unknown) => void,
  ): Promise<void> {
    for (const schedule of this.schedules)
      try {
        await look(schedule);
      } catch (error) {
        this.log.warn({ event: 'job.schedule_unseen', job: schedule.name, err: error });
        onFailure?.(error);
      }
  }

  /** False also when the next run is later than it should be: the process that made it had a clock that was ahead. */
  private async isToCome({ queue, name, everyMs }: Schedule): Promise<boolean> {
    const known = await this.queueOf(queue).getJobScheduler(name);
    return known?.next !== undefined && known.next - Date.now() <= everyMs + LOOK_INTERVAL;
  }

  private async upsert(schedule: Schedule): Promise<void> {
    await ((await this.isToCome(schedule)) ? this.put(schedule) : this.putAnew(schedule));
  }

  /** BullMQ would keep the next run that it knows. */
  private async putAnew(schedule: Schedule): Promise<void> {
    await this.queueOf(schedule.queue).removeJobScheduler(schedule.name);
    await this.put(schedule);
  }

  private async put({ queue, name, everyMs, payload }: Schedule): Promise<void> {
    const { options } = queue.jobs[name] ?? {};
    await this.queueOf(queue).upsertJobScheduler(
      name,
      { every: everyMs },
      { name, data: { payload } satisfies JobData, opts: { ...options } },
    );
  }
}

import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Injectable, Module } from '@nestjs/common';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IsString } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../../scripts/services/redis.mjs';
import { ConfigModule } from '../../src/config/config.module.js';
import { readConfig } from '../../src/config/read-config.js';
import { Log } from '../../src/platform/logging/log.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { DomainEvents } from '../../src/platform/events/domain-events.js';
import { defineJobs } from '../../src/platform/queue/job-definitions.js';
import type { JobHandlers } from '../../src/platform/queue/job-definitions.js';
import { JobProducer, QUEUE_PREFIX } from '../../src/platform/queue/job-producer.js';
import { Processor } from '../../src/platform/queue/processor.decorator.js';
import type { JobProcessor } from '../../src/platform/queue/processor.decorator.js';
import { JobRunnerModule, QueueModule } from '../../src/platform/queue/queue.module.js';
import { REDIS } from '../../src/platform/redis/redis.tokens.js';
import type { RedisClient } from '../../src/platform/redis/redis-connection.js';
import { RedisModule } from '../../src/platform/redis/redis.module.js';
import { currentContext, runInContext } from '../../src/platform/request-context/request-context.js';

class Name {
  @IsString()
  name!: string;
}
class Nothing {}
const jobs = defineJobs('test', {
  greet: { payload: Name, id: ({ name }) => name },
  fail: { payload: Name, options: { attempts: 3, backoff: { type: 'fixed', delay: 10 } } },
  beat: { payload: Nothing },
});

const greeted: [string, string | undefined][] = [];
let failures = 0;
let beats = 0;

@Processor()
@Injectable()
class TestProcessor implements JobProcessor<typeof jobs> {
  readonly queue = jobs;
  readonly handlers: JobHandlers<typeof jobs> = {
    greet: async ({ name }) => greeted.push([name, currentContext()?.requestId]),
    fail: async () => {
      failures += 1;
      throw new Error('always');
    },
    beat: async () => (beats += 1),
  };

  constructor(private readonly producer: JobProducer) {}

  schedule(): Promise<void> {
    return this.producer.schedule(jobs, 'beat', 200, {});
  }
}

const slowJobs = defineJobs('slow', {
  linger: { payload: Nothing, options: { attempts: 1 } },
  hold: { payload: Nothing },
  quick: { payload: Nothing },
});
let lingering = 0;
let quick = 0;
let holding = 0;
const end = { linger: Promise.withResolvers<void>(), hold: Promise.withResolvers<void>() };

/** Of two kinds, one repeated far sooner than a run of it ends. */
@Processor()
@Injectable()
class SlowProcessor implements JobProcessor<typeof slowJobs> {
  readonly queue = slowJobs;
  readonly handlers: JobHandlers<typeof slowJobs> = {
    linger: () => {
      lingering += 1;
      return end.linger.promise;
    },
    hold: () => {
      holding += 1;
      return end.hold.promise;
    },
    quick: async () => (quick += 1),
  };

  constructor(private readonly producer: JobProducer) {}

  schedule(): Promise<void> {
    return this.producer.schedule(slowJobs, 'linger', 100, {});
  }
}

@Global()
@Module({ providers: [Log, Metrics, DomainEvents], exports: [Log, Metrics, DomainEvents] })
class Basics {}

let app: INestApplicationContext;
let stop: () => Promise<void>;
let producer: JobProducer;
let redis: RedisClient;

beforeAll(async () => {
  const started = await startRedis({ fresh: true });
  ({ stop } = started);
  const config = readConfig({
    LOG_LEVEL: 'silent',
    DATABASE_URL: 'postgres://none/none',
    REDIS_URL: started.url,
    SECRET_KEYS: 'k:0123456789abcdef0123456789abcdef',
  });
  @Module({
    imports: [ConfigModule.for(config), Basics, RedisModule, QueueModule, JobRunnerModule],
    providers: [TestProcessor, SlowProcessor],
  })
  class TestModule {}
  app = await NestFactory.createApplicationContext(TestModule, { logger: false });
  producer = app.get(JobProducer);
  redis = app.get(REDIS);
  await until(() => redis.status === 'ready');
}, 60_000);

afterAll(async () => {
  await app.close();
  await stop();
});

async function until(condition: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await sleep(20);
  }
}

describe('jobs', () => {
  it('are counted from 0, so that the first that dies is an increase', async () => {
    const text = await app.get(Metrics).registry.metrics();
    for (const job of ['greet', 'fail', 'beat', 'unknown'])
      for (const dead of ['true', 'false'])
        expect(text).toContain(`stoa_job_failures_total{queue="test",job="${job}",dead="${dead}"} 0\n`);
    expect(text).toContain('stoa_job_stalls_total{queue="test"} 0\n');
    // So that a share of failed runs counts each worker's first run, too.
    for (const job of ['greet', 'fail'])
      expect(text).toContain(`stoa_job_seconds_count{queue="test",job="${job}"} 0\n`);
  });

  it('carry the id of the request that caused them', async () => {
    await runInContext({ requestId: 'r-1' }, () => producer.add(jobs, 'greet', { name: 'ada' }));
    await until(() => greeted.length === 1);
    expect(greeted).toEqual([['ada', 'r-1']]);
  });

  it('with one id run once', async () => {
    greeted.length = 0;
    await Promise.all([1, 2, 3].map(() => producer.add(jobs, 'greet', { name: 'bob' })));
    await until(() => greeted.length > 0);
    await sleep(200);
    expect(greeted).toHaveLength(1);
  });

  it('that always fail are tried as often as declared, then lie visibly among the failed', async () => {
    await producer.add(jobs, 'fail', { name: 'x' });
    const queue = producer.queueOf(jobs);
    await until(async () => (await queue.getFailedCount()) === 1);
    expect(failures).toBe(3);
  });

  it('with a malformed payload are refused once and never retried', async () => {
    const queue = producer.queueOf(jobs);
    const before = await queue.getFailedCount();
    await queue.add('greet', { payload: { name: 5 } }, { attempts: 5 });
    await until(async () => (await queue.getFailedCount()) === before + 1);
    const [job] = await queue.getFailed(0, 0);
    expect(job?.failedReason).toBe('payload refused: name type');
    expect(job?.attemptsMade).toBe(1);
  });

  it.each([null, 5, 'text', {}])('with %j instead of data are refused once, too', async (data) => {
    const queue = producer.queueOf(jobs);
    const before = await queue.getFailedCount();
    await queue.add('greet', data, { attempts: 5 });
    await until(async () => (await queue.getFailedCount()) === before + 1);
    const [job] = await queue.getFailed(0, 0);
    expect(job?.failedReason).toMatch(/^payload refused: /);
    expect(job?.attemptsMade).toBe(1);
    await job?.remove();
  });

  it('that repeat wait for themselves: others run, however long a run takes', async () => {
    const queue = producer.queueOf(slowJobs);
    const repeated = async (): Promise<number> => (await queue.getCompletedCount()) + (await queue.getActiveCount());
    await until(async () => (await repeated()) > 6);
    await producer.add(slowJobs, 'quick', {});
    await until(() => quick === 1);
    expect(lingering).toBe(1);
    end.linger.resolve();
    await until(() => lingering > 2);
  });

  it('that repeat and stop their workers each time are refused in the end, and their next run comes', async () => {
    const queue = producer.queueOf(jobs);
    const ofBeat = async () => (await queue.getFailed()).filter(({ name }) => name === 'beat');
    await until(async () => {
      const [next] = await queue.getDelayed();
      if (next) await redis.hset(queue.toKey(next.id ?? ''), 'stc', 4);
      await sleep(250);
      return (await ofBeat()).length > 0;
    });
    const [dead] = await ofBeat();
    expect(dead?.failedReason).toContain('stalled');
    expect(dead?.attemptsMade).toBe(1);
    for (const job of await ofBeat()) await job.remove();
    const before = beats;
    await until(() => beats > before + 1);
  });

  it('that are due and find all places taken count as late', async () => {
    for (let i = 0; i < 4; i += 1) await producer.add(slowJobs, 'hold', {});
    await until(() => holding === 4);
    const queue = producer.queueOf(slowJobs);
    await queue.add('quick', { payload: {} }, { timestamp: Date.now() - 60_000, delay: 20_000 });
    const text = await app.get(Metrics).registry.metrics();
    end.hold.resolve();
    expect(text).toMatch(/stoa_queue_lag_seconds\{queue="slow"\} (39|40|41)/);
  });

  it('that wait and that failed are counted by queue', async () => {
    const queue = producer.queueOf(jobs);
    await queue.pause();
    await queue.add('greet', { payload: { name: 'late' } }, { timestamp: Date.now() - 60_000 });
    const paused = await app.get(Metrics).registry.metrics();
    await queue.resume();
    await until(async () => (await queue.getWaitingCount()) === 0);
    const resumed = await app.get(Metrics).registry.metrics();
    expect(paused).toMatch(/stoa_queue_lag_seconds\{queue="test"\} (59|60|61)/);
    expect(resumed).toMatch(/stoa_queue_lag_seconds\{queue="test"\} 0/);
    expect(resumed).toMatch(/stoa_queue_jobs\{queue="test",state="failed"\} 2/);
    expect(resumed).toMatch(/stoa_job_failures_total\{queue="test",job="fail",dead="true"\} 1/);
  });

  it('that repeat come back by themselves after Redis was emptied', async () => {
    await until(() => beats > 1);
    await redis.flushall();
    const after = beats;
    await until(() => beats > after + 2, 15_000);
  }, 20_000);

  it('that repeat come back after a clock that was ahead has put them off', async () => {
    const queue = producer.queueOf(jobs);
    const far = Date.now() + 86_400_000;
    await until(async () => {
      const known = await queue.getJobScheduler('beat');
      await redis.zadd(`${QUEUE_PREFIX}:test:repeat`, 'XX', far, 'beat');
      const [delayed] = await queue.getDelayed();
      if (delayed) await redis.zadd(`${QUEUE_PREFIX}:test:delayed`, 'XX', far * 4_096, delayed.id ?? '');
      await sleep(500);
      return known !== undefined && delayed !== undefined && (await queue.getDelayedCount()) === 1;
    });
    const before = beats;
    await sleep(1_000);
    expect(beats).toBe(before);
    await until(() => beats > before + 2, 25_000);
  }, 40_000);

  it('are refused at once while Redis is away', async () => {
    redis.disconnect();
    const started = performance.now();
    await expect(producer.add(jobs, 'greet', { name: 'late' })).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(2_000);
    if (redis.status === 'end') await redis.connect();
  });
});

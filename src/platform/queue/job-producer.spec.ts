import { describe, expect, it, vi } from 'vitest';
import type { Queue } from 'bullmq';
import { Log } from '../logging/log.js';
import type { RedisClient } from '../redis/redis-connection.js';
import type { RedisEpoch } from '../redis/redis-epoch.js';
import { defineJobs } from './job-definitions.js';
import { JobProducer } from './job-producer.js';

class Nothing {}
const jobs = defineJobs('test', { first: { payload: Nothing }, second: { payload: Nothing } });
const log = new Log({ environment: 'test', logLevel: 'silent', rateLimits: false });

/** A producer on a queue that knows its schedulers and nothing else; `flushed` is what is called when Redis was emptied. */
async function aProducer() {
  const known = new Map<string, { next: number }>();
  const queue = {
    getJobScheduler: vi.fn(async (name: string) => known.get(name)),
    removeJobScheduler: async (name: string) => known.delete(name),
    upsertJobScheduler: async (name: string) => known.set(name, { next: Date.now() }),
    close: async () => undefined,
  };
  let flushed = (): Promise<void> => Promise.resolve();
  const epoch = { onChange: (_: string, restore: () => Promise<void>) => (flushed = restore) };
  const redis = { status: 'ready', on: () => undefined };
  const producer = new JobProducer(redis as unknown as RedisClient, log, epoch as unknown as RedisEpoch);
  vi.spyOn(producer, 'queueOf').mockReturnValue(queue as unknown as Queue);
  await producer.schedule(jobs, 'first', 1_000, {});
  await producer.schedule(jobs, 'second', 1_000, {});
  return { producer, known, queue, flushed };
}

describe('schedules of which one cannot be seen', () => {
  it('come back after Redis was emptied, but for that one; and it is told that not all did', async () => {
    const { producer, known, queue, flushed } = await aProducer();
    known.clear();
    queue.getJobScheduler.mockRejectedValueOnce(new Error('WRONGTYPE'));
    const warned = vi.spyOn(log, 'warn');
    await expect(flushed()).rejects.toThrow('WRONGTYPE');
    expect([...known.keys()]).toEqual(['second']);
    expect(warned).toHaveBeenCalledWith(expect.objectContaining({ event: 'job.schedule_unseen', job: 'first' }));
    await flushed();
    expect([...known.keys()].toSorted()).toEqual(['first', 'second']);
    await producer.onApplicationShutdown();
  });

  it('come back with the next look, but for that one', async () => {
    vi.useFakeTimers();
    const { producer, known, queue } = await aProducer();
    known.clear();
    queue.getJobScheduler.mockRejectedValueOnce(new Error('WRONGTYPE'));
    await vi.advanceTimersByTimeAsync(20_000);
    expect([...known.keys()]).toEqual(['second']);
    await producer.onApplicationShutdown();
    vi.useRealTimers();
  });
});

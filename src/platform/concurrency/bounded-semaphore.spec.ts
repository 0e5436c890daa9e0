import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { BoundedSemaphore } from './bounded-semaphore.js';

describe('BoundedSemaphore', () => {
  it('runs two at once, lets three wait, refuses the rest, and gives every place back', async () => {
    const semaphore = new BoundedSemaphore({ concurrency: 2, maxWaiting: 3, maxWaitMs: 1_000 });
    let [now, most] = [0, 0];
    const work = async (): Promise<string> => {
      now += 1;
      most = Math.max(most, now);
      await turn();
      now -= 1;
      return 'done';
    };
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => semaphore.run(work)));
      expect(outcomes.map(({ status }) => status)).toEqual([
        ...Array(5).fill('fulfilled'),
        ...Array(3).fill('rejected'),
      ]);
      expect(outcomes[7]).toMatchObject({ reason: { code: 'BUSY' } });
    }
    expect(most).toBe(2);
    expect(semaphore.waitingCount).toBe(0);
  });

  it('tells beforehand whom it would refuse', async () => {
    const semaphore = new BoundedSemaphore({ concurrency: 1, maxWaiting: 1, maxWaitMs: 1_000 });
    const calls = [];
    for (let i = 0; i < 2; i += 1) {
      expect(() => semaphore.requireRoom()).not.toThrow();
      calls.push(semaphore.run(() => turn()));
    }
    expect(() => semaphore.requireRoom()).toThrow(expect.objectContaining({ code: 'BUSY' }));
    await Promise.all(calls);
    expect(() => semaphore.requireRoom()).not.toThrow();
  });

  it('gives the place of a failed one back', async () => {
    const semaphore = new BoundedSemaphore({ concurrency: 1, maxWaiting: 0, maxWaitMs: 1_000 });
    await expect(semaphore.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await semaphore.run(() => Promise.resolve(1))).toBe(1);
  });

  it('refuses who has waited too long, and loses no place by it', async () => {
    const semaphore = new BoundedSemaphore({ concurrency: 1, maxWaiting: 2, maxWaitMs: 10 });
    const first = Promise.withResolvers<string>();
    const running = semaphore.run(() => first.promise);
    const work = vi.fn(() => Promise.resolve('late'));
    const waiters = [semaphore.run(work), semaphore.run(work)];
    for (const outcome of await Promise.allSettled(waiters))
      expect(outcome).toMatchObject({ reason: { code: 'BUSY' } });
    expect(work).not.toHaveBeenCalled();
    expect(semaphore.waitingCount).toBe(0);
    const next = semaphore.run(work);
    first.resolve('first');
    expect(await Promise.all([running, next])).toEqual(['first', 'late']);
    expect(await semaphore.run(work)).toBe('late');
  });
});

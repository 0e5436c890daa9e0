import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchLoader, waitingLookups } from './batch-loader.js';

describe('BatchLoader', () => {
  it('gives every caller its own answer, whatever arrives when', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 3 })), { maxLength: 40 }),
        async (calls) => {
          const loader = new BatchLoader<number, number>(
            async (keys) => {
              await sleep(0);
              return new Map(keys.filter((k) => k % 2 === 0).map((k) => [k, k * 10]));
            },
            { maxBatch: 3 },
          );
          const answers = await Promise.all(calls.map(async ([key, wait]) => (await sleep(wait), loader.get(key))));
          expect(answers).toEqual(calls.map(([key]) => (key % 2 === 0 ? key * 10 : undefined)));
        },
      ),
      { numRuns: 20 },
    );
  });

  it('asks once for a herd, and once more for what came meanwhile', async () => {
    const batches: number[][] = [];
    const loader = new BatchLoader<number, number>(async (keys) => {
      batches.push(keys);
      await sleep(20);
      return new Map(keys.map((k) => [k, k]));
    });
    const herd = Array.from({ length: 100 }, (_, i) => loader.get(i % 10));
    await sleep(5);
    await Promise.all([...herd, ...Array.from({ length: 50 }, (_, i) => loader.get(i))]);
    expect(batches.map((b) => b.length)).toEqual([10, 50]);
  });

  it('does not wait for a query that takes long, a few times', async () => {
    const batches: number[] = [];
    const ends: (() => void)[] = [];
    const loader = new BatchLoader<number, number>(async (keys) => {
      batches.push(keys.length);
      await new Promise<void>((resolve) => ends.push(resolve));
      return new Map(keys.map((k) => [k, k]));
    });
    const answers = [loader.get(0)];
    for (let i = 1; i <= 8; i += 1) {
      await sleep(25);
      answers.push(loader.get(i));
    }
    await sleep(100);
    // Two more left while the first was away; the rest waits for one that comes back.
    expect(batches).toHaveLength(3);
    const joined = 9 - batches.reduce((sum, size) => sum + size, 0);
    expect(joined).toBeGreaterThan(0);
    ends.shift()?.();
    await sleep(0);
    expect(batches.slice(3)).toEqual([joined]);
    for (const end of ends) end();
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(batches).toHaveLength(4);
  });

  it('has one query in flight again once those that took long are back', async () => {
    const ends: (() => void)[] = [];
    const loader = new BatchLoader<number, number>(async (keys) => {
      await new Promise<void>((resolve) => ends.push(resolve));
      return new Map(keys.map((k) => [k, k]));
    });
    const answers = [loader.get(0)];
    await sleep(60);
    answers.push(loader.get(1));
    await sleep(10);
    expect(ends).toHaveLength(2);
    // The first was slow; the second has just left, and whoever comes now waits for that one alone.
    ends[0]?.();
    await sleep(5);
    answers.push(loader.get(2));
    await sleep(5);
    expect(ends).toHaveLength(2);
    ends[1]?.();
    await sleep(5);
    expect(ends).toHaveLength(3);
    ends[2]?.();
    expect(await Promise.all(answers)).toEqual([0, 1, 2]);
  });

  it('never asks for nobody, when a slow query is back just as somebody comes', async () => {
    const batches: number[][] = [];
    const [slow, quick] = [Promise.withResolvers<void>(), Promise.resolve()];
    const loader = new BatchLoader<number, number>(async (keys) => {
      batches.push(keys);
      await (keys.includes(0) ? slow.promise : quick);
      return new Map(keys.map((k) => [k, k]));
    });
    const first = loader.get(0);
    await sleep(100);
    const second = loader.get(1);
    slow.resolve();
    expect(await Promise.all([first, second])).toEqual([0, 1]);
    await sleep(100);
    expect(await loader.get(2)).toBe(2);
    expect(batches).toEqual([[0], [1], [2]]);
  });

  it('fails the callers of a failed batch only', async () => {
    let first = true;
    const loader = new BatchLoader<number, number>(async (keys) => {
      if (first) {
        first = false;
        throw new Error('down');
      }
      return new Map(keys.map((k) => [k, k]));
    });
    await expect(loader.get(1)).rejects.toThrow('down');
    await expect(loader.get(1)).resolves.toBe(1);
  });

  it('refuses more callers than may wait', async () => {
    const loader = new BatchLoader<number, number>(async () => new Map(), { maxWaiting: 2 });
    const waiting = [loader.get(1), loader.get(2)];
    await expect(loader.get(3)).rejects.toMatchObject({ code: 'BUSY' });
    expect(waitingLookups()).toBe(2);
    await Promise.all(waiting);
    expect(waitingLookups()).toBe(0);
  });
});

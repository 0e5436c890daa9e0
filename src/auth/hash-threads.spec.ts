import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { HashThreads } from './hash-threads.js';

/** What Linux counts of each thread of this process: its nice value, and its time so far (ticks of 10 ms). */
const tasks = (): { tid: string; nice: number; ticks: number }[] =>
  readdirSync('/proc/self/task').map((tid) => {
    const fields = readFileSync(`/proc/self/task/${tid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return { tid, nice: Number(fields[16]), ticks: Number(fields[11]) + Number(fields[12]) };
  });
const niceValues = (): number[] => tasks().map(({ nice }) => nice);

/** A hash of no time, and one that can be timed. */
const QUICK = { message: 'a', nonce: Buffer.alloc(16), parallelism: 1, tagLength: 4, memory: 8, passes: 1 };
const SLOW = { ...QUICK, memory: 8_192 };

describe('HashThreads', () => {
  const threads = new HashThreads();
  afterAll(() => threads.stop());

  it('compute Argon2id as RFC 9106 has it (5.3)', async () => {
    const hash = await threads.derive({
      message: Buffer.alloc(32, 1),
      nonce: Buffer.alloc(16, 2),
      secret: Buffer.alloc(8, 3),
      associatedData: Buffer.alloc(12, 4),
      parallelism: 4,
      tagLength: 32,
      memory: 32,
      passes: 3,
    });
    expect(hash.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
  });

  it.runIf(process.platform === 'linux')('run below everything else, and nothing else with them', () => {
    const values = niceValues();
    const usual = values[0] ?? 0;
    expect(values.filter((nice) => nice === 10)).toHaveLength(1);
    expect(values.filter((nice) => nice === usual)).toHaveLength(values.length - 1);
  });

  it('rest after a hash for longer than it took, and only the next one waits for that', async () => {
    const resting = new HashThreads();
    await resting.derive(SLOW);
    // By CPU time, which is the same on a busy machine; the least, as nothing else of this process counts.
    let work = Infinity;
    for (let i = 0; i < 5; i += 1) {
      await sleep(100);
      const before = process.cpuUsage();
      await resting.derive(SLOW);
      const { user, system } = process.cpuUsage(before);
      work = Math.min(work, (user + system) / 1_000);
    }
    await sleep(100);
    const startedAt = performance.now();
    for (let i = 0; i < 5; i += 1) await resting.derive(SLOW);
    expect(performance.now() - startedAt).toBeGreaterThan(4 * 2 * work);
    await resting.stop();
  });

  it.runIf(process.platform === 'linux')(
    'take turns, so that nobody waits for the rest of one while another has rested',
    async () => {
      const LONG = { ...QUICK, memory: 65_536 };
      const others = new Set(tasks().map(({ tid }) => tid));
      const two = new HashThreads();
      const humble = () => tasks().filter(({ tid, nice }) => nice === 10 && !others.has(tid));
      await Promise.all([two.derive(LONG), two.derive(LONG)]);
      await sleep(500);
      const before = humble();
      expect(before).toHaveLength(2);
      await two.derive(LONG);
      await two.derive(LONG);
      const worked = humble().map(({ ticks }, i) => ticks - (before[i]?.ticks ?? 0));
      expect(Math.min(...worked)).toBeGreaterThan(0);
      await two.stop();
    },
  );

  it('answer with the hash alone under node --watch, which has threads report their modules', async () => {
    vi.stubEnv('WATCH_REPORT_DEPENDENCIES', '1');
    const watched = new HashThreads();
    expect(await watched.derive(QUICK)).toHaveLength(4);
    await watched.stop();
    vi.unstubAllEnvs();
  });

  it('finish what they have begun before they stop', async () => {
    const stopping = new HashThreads();
    const hash = stopping.derive(SLOW);
    await stopping.stop();
    expect(await hash).toHaveLength(4);
  });

  it('are made again when one has failed', async () => {
    await expect(threads.derive({} as never)).rejects.toThrow('a hashing thread ended');
    expect(await threads.derive(QUICK)).toHaveLength(4);
  });
});

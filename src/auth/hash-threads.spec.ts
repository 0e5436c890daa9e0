import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { HashThreads } from './hash-threads.js';

/** Nice values of all threads of this process (Linux). */
const niceValues = (): number[] =>
  readdirSync('/proc/self/task').map((tid) => {
    const fields = readFileSync(`/proc/self/task/${tid}/stat`, 'utf8').split(') ')[1]?.split(' ');
    return Number(fields?.[16]);
  });

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

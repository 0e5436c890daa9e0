import { describe, expect, it, vi } from 'vitest';
import { Metrics } from '../metrics/metrics.js';
import { RateLimiter } from './rate-limiter.js';
import type { Bucket } from './rate-limiter.js';

function aLimiter({ processes = 1, evalsha = vi.fn(() => Promise.reject(new Error('away'))), isHealthy = false } = {}) {
  const log = { warn: vi.fn(), debug: vi.fn() };
  const clock = { monotonicMs: () => 0 };
  const limiter = new RateLimiter(
    { evalsha } as never,
    { isHealthy } as never,
    { count: processes } as never,
    clock as never,
    log as never,
    new Metrics(),
  );
  return { limiter, evalsha, log };
}

const aBucket = (digest: string, refuses = true): Bucket => ({
  name: 'test',
  digest,
  limit: { count: 30, perMs: 60_000 },
  refuses,
});

async function passed({ limiter }: ReturnType<typeof aLimiter>, buckets: Bucket[], tries: number): Promise<number> {
  let count = 0;
  for (let i = 0; i < tries; i += 1) count += (await limiter.take(buckets)).every(({ allowed }) => allowed) ? 1 : 0;
  return count;
}

describe('RateLimiter without Redis', () => {
  it('keeps its share of a limit: the whole of it alone, a third among three', async () => {
    expect(await passed(aLimiter(), [aBucket('a')], 50)).toBe(30);
    expect(await passed(aLimiter({ processes: 3 }), [aBucket('a')], 50)).toBe(10);
    expect(await passed(aLimiter({ processes: 100 }), [aBucket('a')], 50)).toBe(1);
  });

  it('neither divides a mark among the processes, nor charges what is only looked at', async () => {
    const setting = aLimiter({ processes: 100 });
    const mark = { ...aBucket('a'), isMark: true };
    const look: Bucket = { ...mark, refuses: 'look' };
    expect(await passed(setting, [look], 50)).toBe(50);
    expect(await passed(setting, [mark], 50)).toBe(30);
    expect(await passed(setting, [look], 1)).toBe(0);
    expect(await passed(setting, [look, aBucket('b')], 1)).toBe(0);
    expect(await passed(setting, [aBucket('b')], 50)).toBe(1);
  });

  it('charges nobody when one bucket refuses', async () => {
    const setting = aLimiter();
    await passed(setting, [aBucket('full')], 30);
    expect(await passed(setting, [aBucket('full'), aBucket('other')], 10)).toBe(0);
    expect(await passed(setting, [aBucket('other')], 50)).toBe(30);
  });

  it('spares what is only reported after one that is full', async () => {
    const setting = aLimiter();
    const pair = { ...aBucket('pair', false), limit: { count: 3, perMs: 60_000 } };
    expect(await passed(setting, [pair, aBucket('all', false)], 10)).toBe(3);
    expect(await passed(setting, [aBucket('all', false)], 50)).toBe(27);
  });

  it('does not ask a Redis that is known to be away, and goes on when a call fails', async () => {
    const away = aLimiter();
    await passed(away, [aBucket('a')], 3);
    expect(away.evalsha).not.toHaveBeenCalled();
    const failing = aLimiter({ isHealthy: true });
    expect(await passed(failing, [aBucket('a')], 50)).toBe(30);
    expect(failing.evalsha).toHaveBeenCalledTimes(50);
    expect(failing.log.warn).toHaveBeenCalledTimes(1);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Readiness } from './readiness.js';

function aReadiness() {
  const query = vi.fn<() => Promise<unknown[]>>(() => Promise.resolve([]));
  const set = vi.fn(() => Promise.resolve('OK'));
  const isLacking = vi.fn(() => Promise.resolve(false));
  return {
    readiness: new Readiness({ query } as never, { isLacking } as never, { set } as never),
    query,
    asked: () => [query, set, isLacking].map(({ mock }) => mock.calls.length),
  };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('Readiness', () => {
  it('asks each store once in half a second, however many ask it', async () => {
    const { readiness, asked } = aReadiness();
    const reports = await Promise.all(Array.from({ length: 1_000 }, () => readiness.report()));
    expect(new Set(reports.map((report) => JSON.stringify(report)))).toEqual(
      new Set(['{"status":"ready","reasons":[]}']),
    );
    vi.advanceTimersByTime(499);
    await readiness.report();
    expect(asked()).toEqual([1, 1, 1]);
    vi.advanceTimersByTime(1);
    await readiness.report();
    expect(asked()).toEqual([2, 2, 2]);
  });

  it('says what has changed after half a second, and at once that it drains', async () => {
    const { readiness, query } = aReadiness();
    expect(await readiness.report()).toEqual({ status: 'ready', reasons: [] });
    query.mockImplementation(() => Promise.reject(new Error('away')));
    vi.advanceTimersByTime(500);
    expect(await readiness.report()).toEqual({ status: 'down', reasons: ['postgres'] });
    query.mockResolvedValue([]);
    vi.advanceTimersByTime(500);
    expect(await readiness.report()).toEqual({ status: 'ready', reasons: [] });
    readiness.drain();
    expect(await readiness.report()).toEqual({ status: 'down', reasons: ['draining'] });
  });
});

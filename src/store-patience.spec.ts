import { describe, expect, it } from 'vitest';
import { patiently } from './store-patience.js';

const refused: Error = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** A store that fails for so many looks, each of which takes a while, on a clock that moves only when somebody waits (ms). */
function aStore({ failures = Infinity, error = refused, lookMs = 0 } = {}) {
  let at = 1_000;
  let looks = 0;
  const inspect = async (): Promise<string> => {
    looks += 1;
    at += lookMs;
    if (looks <= failures) throw error;
    return 'well';
  };
  const patience = {
    ms: 30_000,
    now: () => at,
    pause: async (ms: number) => void (at += ms),
  };
  return { inspect, patience, looks: () => looks, waitedMs: () => at - 1_000 };
}

describe('patience with a store', () => {
  it('looks every half second, and is content with the first answer', async () => {
    const store = aStore({ failures: 3 });
    expect(await patiently(store.inspect, store.patience)).toBe('well');
    expect([store.looks(), store.waitedMs()]).toEqual([4, 1_500]);
  });

  it('ends after 30 s with the last failure, not before', async () => {
    const store = aStore();
    await expect(patiently(store.inspect, store.patience)).rejects.toBe(refused);
    expect([store.looks(), store.waitedMs()]).toEqual([62, 30_500]);
  });

  it('still takes an answer that comes in the last moment', async () => {
    const store = aStore({ failures: 60 });
    expect(await patiently(store.inspect, store.patience)).toBe('well');
    expect(store.waitedMs()).toBe(30_000);
  });

  it('counts what the looks take', async () => {
    const store = aStore({ lookMs: 9_500 });
    await expect(patiently(store.inspect, store.patience)).rejects.toBe(refused);
    expect(store.looks()).toBe(4);
  });

  it.each([
    ['a wrong password', { code: '28P01' }],
    ['no such database', { code: '3D000' }],
    ['no right to look', { code: '42501' }],
    ['what Redis says of a password', { message: 'WRONGPASS invalid username-password pair' }],
  ])('has none with %s', async (_, facts) => {
    const error = Object.assign(new Error('no'), facts);
    const store = aStore({ error });
    await expect(patiently(store.inspect, store.patience)).rejects.toBe(error);
    expect(store.looks()).toBe(1);
  });
});

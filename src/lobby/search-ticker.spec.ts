import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SearchTicker } from './search-ticker.js';

/** What the ticker sees of searches: `waiting` have a status, `kept` are those that this process would put back. */
function aTicker() {
  const waiting = new Set<string>();
  const kept = new Set<string>();
  const refreshed: string[][] = [];
  const told: string[] = [];
  const searches = {
    refresh: async (userIds: string[]) => void refreshed.push(userIds),
    statusesOf: vi.fn(
      async (userIds: string[]) => new Map(userIds.filter((id) => waiting.has(id)).map((id) => [id, {}])),
    ),
    keeps: (userId: string) => kept.has(userId),
  };
  const presence = { isLocal: () => true, emit: (userId: string) => told.push(userId) };
  const ticker = new SearchTicker(searches as never, presence as never, { debug: () => {}, warn: () => {} } as never);
  ticker.onApplicationBootstrap();
  return { ticker, searches, waiting, kept, refreshed, told };
}

const tick = () => vi.advanceTimersByTimeAsync(3_000);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('SearchTicker', () => {
  it('goes on with a search that Redis does not know for a moment: it is about to be put back', async () => {
    const { ticker, waiting, kept, refreshed, told } = aTicker();
    kept.add('u');
    ticker.watch('u');
    await tick();
    await tick();
    expect(refreshed).toEqual([['u'], ['u']]);
    expect(told).toEqual([]);
    waiting.add('u');
    await tick();
    expect(told).toEqual(['u']);
  });

  it('lets go of a search that is over', async () => {
    const { ticker, refreshed } = aTicker();
    ticker.watch('u');
    await tick();
    expect(refreshed).toEqual([[]]);
  });

  it('tells nothing of a search that ended while Redis was asked', async () => {
    const { ticker, searches, kept, told } = aTicker();
    const { promise: answer, resolve } = Promise.withResolvers<Map<string, object>>();
    searches.statusesOf.mockReturnValueOnce(answer);
    kept.add('u');
    ticker.watch('u');
    await vi.advanceTimersByTimeAsync(1);
    kept.delete('u');
    resolve(new Map([['u', {}]]));
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([]);
  });

  it('does not take the end of the last search for the end of one that has begun meanwhile', async () => {
    const { ticker, searches, kept, refreshed } = aTicker();
    const { promise: answer, resolve } = Promise.withResolvers<Map<string, object>>();
    searches.statusesOf.mockReturnValueOnce(answer);
    ticker.watch('u');
    await vi.advanceTimersByTimeAsync(1);
    expect(searches.statusesOf).toHaveBeenCalledOnce();
    kept.add('u');
    ticker.watch('u');
    resolve(new Map());
    await tick();
    expect(refreshed).toEqual([['u']]);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SearchTicker } from '../../src/lobby/search-ticker.js';
import { SearchQueue } from '../../src/matching/search-queue.js';
import { waitingKey } from '../../src/matching/shard.keys.js';
import type { Log } from '../../src/platform/logging/log.js';
import type { PresenceService } from '../../src/presence/presence.service.js';
import { AvoidanceService } from '../../src/safety/avoidance.service.js';
import { aSearch, eventually, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

// What happens to a search while Redis is emptied, or away for a moment. No worker: whoever waits goes on waiting.

const SHARD = 'all';

let stage: MatchingStage;
let api: MatchingProcess;
let user: string;

beforeAll(async () => {
  stage = await startMatchingStage();
  api = await stage.startProcess('api');
});
afterAll(() => stage?.stop());
beforeEach(async () => {
  [user] = (await stage.aCrowd(api.database, 1)) as [string];
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await api.searches.cancel(user);
});

const waiting = () => api.redis.zrange(waitingKey(SHARD), '0', '-1');

/** Closed until `open` is called; `reached` when somebody stands before it. */
function aGate() {
  const [reached, opened] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const pass = (): Promise<void> => {
    reached.resolve();
    return opened.promise;
  };
  return { pass, reached: reached.promise, open: opened.resolve };
}

describe('a search of somebody who is connected', () => {
  /** A ticker whose rounds come when told, each until it has told everybody. */
  function aTicker() {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const presence = { isLocal: () => true, emit: vi.fn() };
    const log = { debug: vi.fn(), warn: vi.fn() };
    const ticker = new SearchTicker(api.searches, presence as unknown as PresenceService, log as unknown as Log);
    ticker.onApplicationBootstrap();
    const statuses = vi.spyOn(api.searches, 'statusesOf');
    const isTold = async (begin: () => void) => {
      const before = statuses.mock.calls.length;
      begin();
      await eventually(async () => statuses.mock.calls.length > before, 5_000);
      await statuses.mock.results.at(-1)!.value;
    };
    return {
      watch: () => isTold(() => ticker.watch(user)),
      round: () => isTold(() => vi.advanceTimersByTime(3_000)),
    };
  }

  it('outlives a flush that comes between its refresh and the look at its status', async () => {
    const { searchId, sinceMs } = await api.searches.start(user, aSearch());
    const { watch, round } = aTicker();
    await watch();
    await round();
    const refresh = api.searches.refresh.bind(api.searches);
    vi.spyOn(api.searches, 'refresh').mockImplementationOnce(async (users) => {
      await refresh(users);
      await api.redis.flushall();
    });
    await round();
    await round();
    const status = await eventually(() => api.searches.statusOf(user), 2_000);
    expect(status).toMatchObject({ searchId, since: new Date(sinceMs).toISOString() });
    await api.redis.flushall();
    await round();
    expect(await api.searches.statusOf(user)).toMatchObject({ searchId });
  });

  it('outlives a flush while Postgres does not answer', async () => {
    const { searchId, sinceMs } = await api.searches.start(user, aSearch());
    const { watch, round } = aTicker();
    await watch();
    await round();
    const away = vi.spyOn(api.app.get(AvoidanceService, { strict: false }), 'of');
    away.mockRejectedValue(new Error('Postgres is away'));
    await api.redis.flushall();
    await round();
    await round();
    expect(await waiting()).toEqual([]);
    away.mockRestore();
    await round();
    expect(await api.searches.statusOf(user)).toMatchObject({ searchId, since: new Date(sinceMs).toISOString() });
  });

  it('is over for the ticker once it was cancelled', async () => {
    await api.searches.start(user, aSearch());
    const { watch, round } = aTicker();
    await watch();
    await round();
    expect(await api.searches.cancel(user)).toBe('cancelled');
    await round();
    const refresh = vi.spyOn(api.searches, 'refresh');
    vi.advanceTimersByTime(3_000);
    expect(refresh).toHaveBeenCalledExactlyOnceWith([]);
  });
});

describe('a search that is put back after a flush', () => {
  it.each(['asks whom to avoid', 'takes its home', 'enters the pool'])(
    'stays away when it is cancelled while it %s',
    async (step) => {
      await api.searches.start(user, aSearch());
      const queue = api.app.get(SearchQueue, { strict: false });
      const gate = aGate();
      const avoidance = api.app.get(AvoidanceService, { strict: false });
      const [of, takeHome, enqueue] = [
        avoidance.of.bind(avoidance),
        queue.takeHome.bind(queue),
        queue.enqueue.bind(queue),
      ];
      if (step === 'asks whom to avoid')
        vi.spyOn(avoidance, 'of').mockImplementation((userId) => gate.pass().then(() => of(userId)));
      if (step === 'takes its home')
        vi.spyOn(queue, 'takeHome').mockImplementation(async (userId, place) => {
          const home = await takeHome(userId, place);
          await gate.pass();
          return home;
        });
      if (step === 'enters the pool')
        vi.spyOn(queue, 'enqueue').mockImplementation(async (search) => {
          const reply = await enqueue(search);
          await gate.pass();
          return reply;
        });
      await api.redis.flushall();
      const refreshed = api.searches.refresh([user]);
      await gate.reached;
      expect(['cancelled', 'not_searching']).toContain(await api.searches.cancel(user));
      gate.open();
      await refreshed;
      expect(await waiting()).toEqual([]);
      expect(await api.searches.statusOf(user)).toBeUndefined();
      expect(await queue.homeOf(user)).toBeUndefined();
      await api.redis.flushall();
      await api.searches.refresh([user]);
      expect(await waiting()).toEqual([]);
    },
  );

  it('gives way to a new search of its owner', async () => {
    await api.searches.start(user, aSearch());
    const gate = aGate();
    const avoidance = api.app.get(AvoidanceService, { strict: false });
    const of = avoidance.of.bind(avoidance);
    vi.spyOn(avoidance, 'of').mockImplementationOnce((userId) => gate.pass().then(() => of(userId)));
    await api.redis.flushall();
    const refreshed = api.searches.refresh([user]);
    await gate.reached;
    const next = await api.searches.start(user, aSearch({ interests: ['chess'] }));
    gate.open();
    await refreshed;
    expect(await waiting()).toEqual([next.searchId]);
    expect(await api.searches.statusOf(user)).toMatchObject({ searchId: next.searchId });
    expect((await api.searches.start(user, aSearch({ interests: ['chess'] }))).searchId).toBe(next.searchId);
  });
});

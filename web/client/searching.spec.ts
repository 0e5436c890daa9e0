import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { State } from '../../src/contracts/state.dto.js';
import { applyState } from './reduce.js';
import { Searching } from './searching.js';
import { conversation } from './scripted-chat.js';
import { initialSnapshot } from './snapshot.js';
import type { Snapshot } from './snapshot.js';
import { Store } from './store.js';
import { StoaError } from './stoa-error.js';

const user: State['user'] = { id: 'u', kind: 'guest', profile: { ageBand: '25-34', languages: ['el'], interests: [] } };
const search = { searchId: 's', since: '', waitedMs: 0, estimatedWaitMs: null, poolSize: 'few' as const, widened: [] };
const searchingState: State = { state: 'searching', user, search };
const idle: State = { state: 'idle', user };
const wishes = { interests: ['the sea'] };

let store: Store<Snapshot>;
let searching: Searching;
let answers: Record<string, State | StoaError>;
const request = vi.fn<(event: string, payload: unknown) => Promise<never>>();
const refresh = vi.fn<() => Promise<void>>(() => Promise.resolve());

const asked = (event: string) => request.mock.calls.filter(([name]) => name === event).map(([, payload]) => payload);
const refusal = (code: 'NOT_SEARCHING' | 'ALREADY_CHATTING' | 'UNAVAILABLE') =>
  new StoaError({ code, message: '', retryable: code === 'UNAVAILABLE' });
const takeState = (state: State) => {
  store.update((snapshot) => applyState(snapshot, state, performance.now()));
  searching.check();
};
const phase = () => store.getSnapshot().phase;

beforeEach(() => {
  vi.useFakeTimers();
  refresh.mockClear();
  request.mockReset();
  answers = { 'search:start': searchingState, 'search:cancel': idle };
  request.mockImplementation(async (event) => {
    const answer = answers[event];
    if (answer instanceof StoaError) throw answer;
    return answer as never;
  });
  store = new Store<Snapshot>({ ...initialSnapshot, connection: 'online', phase: 'idle' });
  searching = new Searching(store, { request, takeState, refresh, random: () => 0 });
});
afterEach(() => {
  searching.stop();
  vi.useRealTimers();
});

describe('a search of which nothing is heard', () => {
  it('is started again with the same wishes, after 15 s and then every 15 s', async () => {
    await searching.start(wishes);
    await vi.advanceTimersByTimeAsync(14_900);
    expect(asked('search:start')).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked('search:start')).toEqual([wishes, wishes]);
    answers['search:start'] = refusal('UNAVAILABLE');
    await vi.advanceTimersByTimeAsync(45_000);
    expect(asked('search:start')).toHaveLength(5);
    expect(phase()).toBe('searching');
  });

  it('is left alone while word of it comes, and while there is no connection', async () => {
    await searching.start({});
    for (let seconds = 0; seconds < 60; seconds += 5) {
      takeState(searchingState);
      await vi.advanceTimersByTimeAsync(5_000);
    }
    store.update((snapshot) => ({ ...snapshot, connection: 'reconnecting' }));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked('search:start')).toHaveLength(1);
  });

  it('has found somebody: the state is asked for', async () => {
    await searching.start({});
    answers['search:start'] = refusal('ALREADY_CHATTING');
    refresh.mockImplementationOnce(async () => takeState({ state: 'chatting', user, conversation }));
    await vi.advanceTimersByTimeAsync(15_100);
    expect(phase()).toBe('chatting');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked('search:start')).toHaveLength(2);
  });

  it('is not started again with the wishes of an earlier one', async () => {
    await searching.start(wishes);
    takeState({ state: 'chatting', user, conversation });
    takeState(searchingState);
    await vi.advanceTimersByTimeAsync(15_100);
    expect(asked('search:start')).toEqual([wishes, {}]);
  });
});

describe('a search that is cancelled', () => {
  it('is not started again, neither meanwhile nor afterwards', async () => {
    await searching.start({});
    await vi.advanceTimersByTimeAsync(14_000);
    request.mockImplementationOnce(() => new Promise((resolve) => setTimeout(() => resolve(idle as never), 3_000)));
    const cancelled = searching.cancel();
    await vi.advanceTimersByTimeAsync(60_000);
    await cancelled;
    expect(phase()).toBe('idle');
    expect(asked('search:start')).toHaveLength(1);
  });

  it('and of which the server knows nothing any more leads out all the same', async () => {
    await searching.start({});
    answers['search:cancel'] = refusal('NOT_SEARCHING');
    refresh.mockImplementationOnce(async () => takeState(idle));
    await searching.cancel();
    expect(phase()).toBe('idle');
  });
});

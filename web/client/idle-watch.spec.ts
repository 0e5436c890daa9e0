import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { IdleWatch } from './idle-watch.js';
import { conversation } from './scripted-chat.js';
import { initialSnapshot } from './snapshot.js';
import type { Snapshot } from './snapshot.js';
import { Store } from './store.js';
import { emptyTimeline } from './timeline.js';

const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it.each([-HOUR, HOUR])(
  'asks anew at a sign of life, at most every 5 s, also when the clock was set by %d ms',
  (jump) => {
    const chat = { conversation, timeline: emptyTimeline, partnerTyping: false, seenByPartner: 0 };
    const store = new Store<Snapshot>({ ...initialSnapshot, phase: 'chatting', connection: 'online', chat });
    const refresh = vi.fn<() => void>();
    // The warning stands.
    const watch = new IdleWatch(store, { serverNow: () => Date.parse(conversation.idleEndsAt) - 60_000, refresh });
    const check = (lastSeq: number) => {
      store.update((snapshot) => ({ ...snapshot, chat: { ...chat, timeline: { messages: [], lastSeq } } }));
      watch.check();
    };
    check(0);
    vi.advanceTimersByTime(1_000);
    expect(refresh).toHaveBeenCalledTimes(1);
    vi.setSystemTime(Date.now() + jump);
    check(1);
    vi.advanceTimersByTime(3_900);
    expect(refresh).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(200);
    expect(refresh).toHaveBeenCalledTimes(2);
    watch.stop();
  },
);

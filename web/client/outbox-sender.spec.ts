import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SentMessage } from '../../src/contracts/state.dto.js';
import { SEND_PATIENCE_MS } from './backoff.js';
import { add } from './outbox.js';
import { OutboxSender } from './outbox-sender.js';
import { initialSnapshot } from './snapshot.js';
import type { ConnectionStatus, Snapshot } from './snapshot.js';
import { steadyNow } from './steady-clock.js';
import { Store } from './store.js';
import { StoaError, timedOut } from './stoa-error.js';

const HOUR = 3_600_000;

let store: Store<Snapshot>;
let sender: OutboxSender;
/** The machine sleeps: its clocks go on, its timers do not. */
let sleep: (ms: number) => void;
const send = vi.fn<(item: { text: string }) => Promise<SentMessage>>();

const statuses = () => store.getSnapshot().outbox.map(({ text, status }) => `${text} ${status}`);
const sends = () => send.mock.calls.map(([{ text }]) => text);
const write = (text: string) => {
  const item = { conversationId: 'c', clientId: text, text };
  store.update((snapshot) => ({ ...snapshot, outbox: add(snapshot.outbox, item, steadyNow()) }));
  sender.pump();
};
const turn = (connection: ConnectionStatus) => {
  store.update((snapshot) => ({ ...snapshot, connection }));
  sender.pump();
};

beforeEach(() => {
  vi.useFakeTimers();
  const wakeNow = performance.now.bind(performance);
  let slept = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => wakeNow() + slept);
  sleep = (ms) => {
    slept += ms;
    vi.setSystemTime(Date.now() + ms);
  };
  send.mockReset();
  send.mockImplementation(() => Promise.resolve({ seq: 1, sentAt: '', duplicate: false }));
  store = new Store<Snapshot>({ ...initialSnapshot, connection: 'online' });
  sender = new OutboxSender(store, { send, random: () => 0 });
});
afterEach(() => {
  sender.stop();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe.each([-HOUR, HOUR])('when the clock is set by %d ms', (jump) => {
  it('the next try comes when it was due, and what waits behind it goes out', async () => {
    send.mockRejectedValueOnce(new StoaError({ code: 'BUSY', message: '', retryable: true }));
    write('one');
    write('two');
    await vi.advanceTimersByTimeAsync(100);
    vi.setSystemTime(Date.now() + jump);
    expect(statuses()).toEqual(['one waiting', 'two waiting']);
    await vi.advanceTimersByTimeAsync(390);
    expect(sends()).toEqual(['one']);
    await vi.advanceTimersByTimeAsync(20);
    expect(sends()).toEqual(['one', 'one', 'two']);
  });

  it('patience is neither longer nor shorter', async () => {
    turn('reconnecting');
    write('one');
    vi.setSystemTime(Date.now() + jump);
    sender.pump();
    await vi.advanceTimersByTimeAsync(SEND_PATIENCE_MS - 1_000);
    expect(statuses()).toEqual(['one waiting']);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(statuses()).toEqual(['one failed']);
  });
});

describe('when the machine slept for an hour', () => {
  it('what waited gets its chance, and is sent once the connection is back', async () => {
    turn('reconnecting');
    write('one');
    write('two');
    await vi.advanceTimersByTimeAsync(3_000);
    sleep(HOUR);
    await vi.advanceTimersByTimeAsync(25_000);
    expect(statuses()).toEqual(['one waiting', 'two waiting']);
    turn('online');
    await vi.advanceTimersByTimeAsync(0);
    expect(sends()).toEqual(['one', 'two']);
  });

  it('what was under way is tried again', async () => {
    send.mockImplementationOnce(() => new Promise((_resolve, reject) => setTimeout(() => reject(timedOut()), 5_000)));
    write('one');
    await vi.advanceTimersByTimeAsync(1_000);
    sleep(HOUR);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(sends()).toEqual(['one', 'one']);
    expect(statuses()).toEqual([]);
  });

  it('and finds no connection, it is said in the end', async () => {
    turn('reconnecting');
    write('one');
    await vi.advanceTimersByTimeAsync(1_000);
    sleep(HOUR);
    await vi.advanceTimersByTimeAsync(SEND_PATIENCE_MS);
    expect(statuses()).toEqual(['one failed']);
  });
});

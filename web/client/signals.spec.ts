import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SeenSignal, TypingSignal } from './signals.js';

const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('TypingSignal', () => {
  it('tells once while keys come fast, refreshes every 3 s, and turns itself off after 4 s of silence', () => {
    const told: [number, boolean][] = [];
    const start = Date.now();
    const signal = new TypingSignal((typing) => told.push([Date.now() - start, typing]));
    for (let ms = 0; ms < 3_500; ms += 100) {
      signal.touch();
      vi.advanceTimersByTime(100);
    }
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([
      [0, true],
      [3_000, true],
      [7_400, false],
    ]);
  });

  it('keeps a second between any two words, also when a message is sent at once', () => {
    const told: number[] = [];
    const signal = new TypingSignal(() => told.push(Date.now()));
    for (let i = 0; i < 20; i++) {
      signal.touch();
      vi.advanceTimersByTime(150);
      signal.stop();
      vi.advanceTimersByTime(150);
    }
    vi.advanceTimersByTime(10_000);
    expect(told.length).toBeGreaterThan(2);
    told.slice(1).forEach((at, index) => expect(at - (told[index] ?? 0)).toBeGreaterThanOrEqual(1_000));
  });

  it('tells anew of one who goes on typing after sending a message', () => {
    const told: boolean[] = [];
    const signal = new TypingSignal((typing) => told.push(typing));
    signal.touch();
    signal.stop();
    signal.touch();
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([true, true]);
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([true, true, false]);
  });

  it.each([-HOUR, HOUR])('keeps its pace when the clock is set by %d ms', (jump) => {
    const told: number[] = [];
    const start = performance.now();
    const signal = new TypingSignal(() => told.push(performance.now() - start));
    signal.touch();
    vi.setSystemTime(Date.now() + jump);
    for (let ms = 0; ms < 3_500; ms += 100) {
      vi.advanceTimersByTime(100);
      signal.touch();
    }
    vi.advanceTimersByTime(10_000);
    expect(told).toEqual([0, 3_000, 7_500]);
  });

  it('says nothing after a reset', () => {
    const tell = vi.fn<(typing: boolean) => void>();
    const signal = new TypingSignal(tell);
    signal.touch();
    signal.reset();
    vi.advanceTimersByTime(10_000);
    expect(tell).toHaveBeenCalledTimes(1);
  });
});

describe('SeenSignal', () => {
  it('tells the highest, at most once a second', async () => {
    const tell = vi.fn<(seq: number) => Promise<void>>(() => Promise.resolve());
    const signal = new SeenSignal(tell);
    for (let seq = 1; seq <= 25; seq++) {
      signal.mark(seq);
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(2_000);
    expect(tell.mock.calls.map(([seq]) => seq)).toEqual([1, 10, 20, 25]);
  });

  it.each([-HOUR, HOUR])('keeps its pace when the clock is set by %d ms', async (jump) => {
    const tell = vi.fn<(seq: number) => Promise<void>>(() => Promise.resolve());
    const signal = new SeenSignal(tell);
    signal.mark(1);
    await vi.advanceTimersByTimeAsync(100);
    vi.setSystemTime(Date.now() + jump);
    signal.mark(2);
    await vi.advanceTimersByTimeAsync(800);
    expect(tell.mock.calls).toEqual([[1]]);
    await vi.advanceTimersByTimeAsync(200);
    expect(tell.mock.calls).toEqual([[1], [2]]);
  });

  it('tells again what could not be told, and nothing twice', async () => {
    const tell = vi.fn<(seq: number) => Promise<void>>(() => Promise.resolve());
    tell.mockRejectedValueOnce(new Error('offline'));
    const signal = new SeenSignal(tell);
    signal.mark(3);
    await vi.advanceTimersByTimeAsync(5_000);
    signal.mark(2);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(tell.mock.calls).toEqual([[3], [3]]);
  });
});

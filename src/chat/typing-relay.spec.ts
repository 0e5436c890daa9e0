import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TypingRelay } from './typing-relay.js';

describe('TypingRelay', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Passes a sign at each of `times` (ms). @returns what was told, and when */
  function tell(signs: [at: number, typing: boolean][], relay = new TypingRelay()): [at: number, typing: boolean][] {
    const told: [number, boolean][] = [];
    const begun = Date.now();
    for (const [at, typing] of signs) {
      vi.advanceTimersByTime(begun + at - Date.now());
      relay.pass('bob', typing, (news) => told.push([Date.now() - begun, news]));
    }
    vi.advanceTimersByTime(5_000);
    return told;
  }

  it('tells the latest, at most once in three quarters of a second', () => {
    const signs = Array.from({ length: 100 }, (_, i): [number, boolean] => [i * 50, i % 3 > 0]);
    const told = tell([...signs, [5_000, false]]);
    expect(told.length).toBeGreaterThan(3);
    expect(told.length).toBeLessThan(9);
    for (let i = 1; i < told.length; i += 1) {
      const gap = (told[i]?.[0] ?? 0) - (told[i - 1]?.[0] ?? 0);
      expect(gap).toBeGreaterThanOrEqual(750);
    }
    expect(told.at(-1)?.[1]).toBe(false);
  });

  it('tells a single sign within half a second, at a moment that differs each time', () => {
    const moments = Array.from({ length: 200 }, () => tell([[0, true]])[0]?.[0] ?? NaN);
    expect(Math.max(...moments)).toBeLessThanOrEqual(500);
    // 200 even draws of 500: none below 50 or above 450 would be a chance of 1 in 10⁹ each.
    expect(Math.min(...moments)).toBeLessThan(50);
    expect(Math.max(...moments)).toBeGreaterThan(450);
  });

  it('tells nothing after a message, and keeps nothing', () => {
    const relay = new TypingRelay();
    const told: boolean[] = [];
    relay.pass('bob', true, (typing) => told.push(typing));
    relay.drop('bob');
    vi.advanceTimersByTime(5_000);
    expect(told).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    expect(relay['lines'].size).toBe(0);
  });

  it('keeps the partners apart', () => {
    const relay = new TypingRelay();
    const told: string[] = [];
    for (const key of ['bob', 'eve']) relay.pass(key, true, () => told.push(key));
    vi.advanceTimersByTime(500);
    expect(told.toSorted()).toEqual(['bob', 'eve']);
  });
});

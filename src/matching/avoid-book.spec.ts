import { beforeEach, describe, expect, it } from 'vitest';
import { AvoidBook, REFUSAL_REMEMBERED_MS } from './avoid-book.js';

let nowMs: number;
let book: AvoidBook;
const nothing = { blocked: [], recent: [] };
const isRefused = (): boolean => book.avoids('a', 'b') && book.avoids('b', 'a');

beforeEach(() => {
  nowMs = 10_000_000;
  book = new AvoidBook(() => nowMs);
});

describe('a refusal', () => {
  it('outlasts what the shard knows of the two, which is that they may meet', () => {
    book.refuse('a', 'b');
    for (const user of ['a', 'b']) {
      book.forget(user);
      book.learn(user, { blocked: ['x'], recent: [] });
    }
    expect(isRefused()).toBe(true);
    expect(book.avoids('a', 'x')).toBe(true);
  });

  it('ends with the search of either, or after a minute', () => {
    for (const user of ['a', 'b']) {
      book.refuse('a', 'b');
      book.refuse('a', 'c');
      book.forgetRefusals(user);
      expect([book.avoids('a', 'b'), book.avoids('b', 'a')]).toEqual([false, false]);
    }
    expect([book.avoids('a', 'c'), book.avoids('c', 'a')]).toEqual([true, true]);
    book.refuse('a', 'b');
    nowMs += REFUSAL_REMEMBERED_MS - 1;
    expect(isRefused()).toBe(true);
    nowMs += 1;
    expect([book.avoids('a', 'b'), book.avoids('b', 'a')]).toEqual([false, false]);
  });

  it('does not last as long as a clock went back', () => {
    book.refuse('a', 'b');
    nowMs -= 3_600_000;
    expect(isRefused()).toBe(false);
  });

  it('is not kept when nobody told the end of its searches', () => {
    const kept = (): number => (book as unknown as { refusals: Map<string, unknown> }).refusals.size;
    for (let i = 0; i < 1_000; i++, nowMs += 1_000) book.refuse(`a${i}`, `b${i}`);
    expect(kept()).toBeLessThanOrEqual(2 * (REFUSAL_REMEMBERED_MS / 1_000 + 1));
  });
});

it('a block that was taken back is one no more', () => {
  book.learn('a', { blocked: ['b'], recent: [{ userId: 'c', untilMs: nowMs + 1 }] });
  expect([book.avoids('a', 'b'), book.avoids('a', 'c')]).toEqual([true, true]);
  book.learn('a', nothing);
  expect([book.avoids('a', 'b'), book.avoids('a', 'c')]).toEqual([false, false]);
});

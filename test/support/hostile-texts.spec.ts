import { describe, expect, it } from 'vitest';
import { nameClient } from '../../src/auth/client-name.js';
import { passwordFault } from '../../src/auth/password-rules.js';
import { normaliseText as normaliseNickname } from '../../src/auth/profile-normaliser.js';
import { normaliseText } from '../../src/chat/message-text.js';
import { hasDuplicateKeys } from '../../src/platform/http/duplicate-keys.js';
import { canonicalEmail } from '../../src/platform/mail/email-address.js';

// Security requirement I4: nothing that reads what people type goes back and forth in it. 8 KiB of the worst take less than 5 ms.

const SIZE = 8_192;
const BOUND_MS = 5;

/** Texts that make expressions with backtracking slow: a long run that almost fits, and then does not. */
const WORST: Record<string, string> = {
  'one letter': 'a'.repeat(SIZE),
  'letters, then none': `${'a'.repeat(SIZE - 1)}\u0001`,
  spaces: `a${' '.repeat(SIZE - 2)}\u0001`,
  'lines and spaces': `x${' \n'.repeat(SIZE / 2 - 1)}\u200b`,
  marks: `e${'\u0301'.repeat(SIZE / 2)}`,
  'marks in pairs': 'e\u0301'.repeat(SIZE / 2),
  'bidi controls': '\u202e\u2066'.repeat(SIZE / 4),
  dots: `${'a.'.repeat(SIZE / 2 - 1)}@`,
  'an address that never ends': `a@${'b-.'.repeat(SIZE / 3)}`,
  'many at signs': 'a@'.repeat(SIZE / 2),
  quotes: `{"a":${'"\\"'.repeat(SIZE / 3)}`,
  brackets: `${'['.repeat(SIZE / 2)}${']'.repeat(SIZE / 2)}`,
  'a client that never ends': `Mozilla/5.0 (${'X11; '.repeat(SIZE / 5)}`,
  versions: `Chrome/${'1.'.repeat(SIZE / 2 - 4)}`,
};

const READERS: Record<string, (text: string) => unknown> = {
  'texts of messages': normaliseText,
  'names and interests': normaliseNickname,
  'e-mail addresses': canonicalEmail,
  'clients by their user agent': nameClient,
  'keys of JSON': hasDuplicateKeys,
  passwords: (text) => passwordFault(text.slice(0, 128), 'ada@example.com'),
};

/** The quickest of a few (ms): what a busy machine adds is not the reader's. */
function quickest(read: () => unknown): number {
  const times = Array.from({ length: 7 }, () => {
    const begun = performance.now();
    try {
      read();
    } catch {
      // refused, in whatever time that took
    }
    return performance.now() - begun;
  });
  return Math.min(...times);
}

describe('the worst texts cost little', () => {
  it.each(Object.entries(READERS))('%s', (_, read) => {
    const slow = Object.entries(WORST)
      .map(([name, text]) => ({ name, ms: quickest(() => read(text)) }))
      .filter(({ ms }) => ms >= BOUND_MS);
    expect(slow).toEqual([]);
  });

  it('and an expression that goes back and forth is found out', () => {
    const backtracking = /^(\w+\s?)*$/;
    expect(quickest(() => backtracking.test(`${'a'.repeat(20)}!`))).toBeGreaterThan(BOUND_MS);
  });
});

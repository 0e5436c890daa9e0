import { expect, it } from 'vitest';
import { unreadBytes } from './slow-consumer.guard.js';

it.each([
  ['one byte a character', 'hello', 5],
  ['three', '\u4f60\u597d', 6],
  ['four', '\u{1F30D}\u{1F30D}', 8],
])('what the engine holds counts in bytes: %s', (_, data, bytes) => {
  const transport = { socket: { bufferedAmount: 100 } as never };
  expect(unreadBytes({ writeBuffer: [{ data }, {}], transport })).toBe(100 + bytes);
});

import { describe, expect, it } from 'vitest';
import { clockText, durationText } from './time-text.js';

describe('clockText', () => {
  it.each([
    [0, '0:00'],
    [-5, '0:00'],
    [7_999, '0:07'],
    [60_000, '1:00'],
    [754_000, '12:34'],
  ])('%i ms is %s', (ms, text) => {
    expect(clockText(ms)).toBe(text);
  });
});

describe('durationText', () => {
  it.each([
    [200, 'en', '1 second'],
    [4_000, 'en', '4 seconds'],
    [41_000, 'en', '45 seconds'],
    [100_000, 'en', '2 minutes'],
    [4_000, 'el', '4 δευτερόλεπτα'],
  ])('%i ms in %s is %s', (ms, language, text) => {
    expect(durationText(ms, language)).toBe(text);
  });
});

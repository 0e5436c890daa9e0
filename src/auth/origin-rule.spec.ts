import { describe, expect, it } from 'vitest';
import { isOwnOrigin } from './origin-rule.js';

describe('isOwnOrigin', () => {
  const ours = 'https://stoa.example';
  it.each([
    [ours, undefined, true],
    [ours, 'same-origin', true],
    [undefined, 'same-origin', true],
    [undefined, undefined, false],
    [undefined, 'none', false],
    [undefined, 'cross-site', false],
    [ours, 'cross-site', false],
    [ours, 'same-site', false],
    ['https://evil.example', undefined, false],
    ['https://evil.example', 'same-origin', false],
    ['https://stoa.example.evil.example', undefined, false],
    ['https://stoa.example:444', undefined, false],
    ['http://stoa.example', undefined, false],
    ['HTTPS://STOA.EXAMPLE', undefined, false],
    ['null', 'same-origin', false],
    ['', 'same-origin', false],
  ])('Origin %s, Sec-Fetch-Site %s: %s', (origin, secFetchSite, fits) => {
    expect(isOwnOrigin({ origin, secFetchSite }, ours)).toBe(fits);
  });
});

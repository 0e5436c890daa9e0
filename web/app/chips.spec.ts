import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withInterests } from './chips.js';

describe('withInterests', () => {
  it('splits at commas, trims, and takes the same one once', () => {
    expect(withInterests(['music'], ' the sea, Music,, θέατρο ')).toEqual(['Music', 'the sea', 'θέατρο']);
  });

  it('always gives what a profile takes: ten at most, 1 to 24 characters each', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 60, unit: 'grapheme' }), { maxLength: 20 }), (written) => {
        const interests = written.reduce<string[]>((known, each) => withInterests(known, each), []);
        expect(interests.length).toBeLessThanOrEqual(10);
        for (const interest of interests) {
          expect([...interest].length).toBeLessThanOrEqual(24);
          expect(interest.trim()).toBe(interest);
          expect(interest).not.toBe('');
        }
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { en } from './messages.en.js';
import { readWidening, wideningText } from './search-words.js';

describe('what is being widened', () => {
  it('is read from the words of the contract', () => {
    expect(readWidening('age')).toEqual({ what: 'age' });
    expect(readWidening('language:in_5s')).toEqual({ what: 'language', inSeconds: 5 });
  });

  it.each(['region', 'region:in_3s', '', 'AGE!', 'age:soon'])('makes something of %j', (word) => {
    expect(readWidening(word).what).toBe('other');
  });

  it('counts down an announcement and then says that it is in force', () => {
    const soon = readWidening('age:in_5s');
    expect(wideningText(soon, 0, en)).toBe('one age band further in 5 s');
    expect(wideningText(soon, 3_100, en)).toBe('one age band further in 2 s');
    expect(wideningText(soon, 5_000, en)).toBe('also looking one age band further');
  });
});

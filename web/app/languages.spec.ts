import { describe, expect, it } from 'vitest';
import { LANGUAGES } from '../../src/contracts/languages.js';
import { guessLanguage } from './language.js';
import { guessSpoken, languageName, offeredLanguages } from './languages.js';

describe('spoken languages', () => {
  it('are guessed from the browser: primary tags, once each, three at most, only such as can be chosen', () => {
    expect(guessSpoken(['el-GR', 'el', 'en-GB', 'en', 'xx', 'de', 'fr'])).toEqual(['el', 'en', 'de']);
    expect(guessSpoken(['no', 'nb-NO'])).toEqual(['nb']);
    expect(guessSpoken([])).toEqual([]);
  });

  it('are all accepted by the server', () => {
    expect(
      offeredLanguages('en')
        .map(({ tag }) => tag)
        .filter((tag) => !LANGUAGES.includes(tag)),
    ).toEqual([]);
  });

  it('are named in the language of the page, sorted by name', () => {
    expect(languageName('el', 'en')).toBe('Greek');
    expect(languageName('el', 'el')).toBe('Ελληνικά');
    const names = offeredLanguages('el').map(({ name }) => name);
    expect(names).toEqual([...names].sort((a, b) => a.localeCompare(b, 'el')));
  });
});

describe('the language of the page', () => {
  it('is the first of the browser’s that is spoken here, else English', () => {
    expect(guessLanguage(['fr', 'el-GR', 'en'])).toBe('el');
    expect(guessLanguage(['fr'])).toBe('en');
  });
});

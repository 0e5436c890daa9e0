import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldError } from '../contracts/error-codes.js';
import { InputInvalid } from '../platform/errors/stoa-error.js';
import { normaliseProfile, normaliseText } from './profile-normaliser.js';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom(
      ' ',
      '\t',
      '\u202E',
      '\u200B',
      '\u200D',
      'a',
      'É',
      'e\u0301',
      '\uD800',
      'İ',
      '\n',
      'Ω',
      '\u2066',
    ),
  }),
);

function errorsOf(work: () => unknown): FieldError[] | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof InputInvalid) return error.errors;
    throw error;
  }
  return undefined;
}

describe('normaliseText', () => {
  it('is idempotent, well formed, in one line and without anything invisible', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const normal = normaliseText(text);
        expect(normaliseText(normal)).toBe(normal);
        expect(normal).not.toMatch(/\p{Cs}/u);
        expect(normal).not.toMatch(/[\p{Cc}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF]|^\s|\s$|\s\s/u);
        expect(normal.normalize('NFC')).toBe(normal);
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps joiners that scripts and emoji need', () => {
    expect(normaliseText('👩\u200D🚀 می\u200Cخواهم')).toBe('👩\u200D🚀 می\u200Cخواهم');
  });
});

describe('normaliseProfile', () => {
  it('normalises every text, lower-cases interests and drops repeats', () => {
    expect(
      normaliseProfile({
        nickname: '  Zoe\u0308\u202E \t the  1st ',
        languages: ['el', 'en', 'el'],
        interests: ['Chess', ' chess ', 'CAFE\u0301', 'café'],
        seeks: { genders: ['man', 'man'], ageBands: [] },
      }),
    ).toEqual({
      nickname: 'Zoë the 1st',
      languages: ['el', 'en'],
      interests: ['chess', 'café'],
      seeks: { genders: ['man'] },
    });
  });

  it('keeps a wish for any language, and drops what says nothing', () => {
    expect(normaliseProfile({ seeks: { anyLanguage: true } })).toEqual({ seeks: { anyLanguage: true } });
    expect(normaliseProfile({ seeks: { anyLanguage: false } })).toEqual({ seeks: {} });
  });

  it('is idempotent for whatever it accepts', () => {
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 4 }), anyText, (interests, nickname) => {
        if (errorsOf(() => normaliseProfile({ interests, nickname }))) return;
        const normal = normaliseProfile({ interests, nickname });
        expect(normaliseProfile(normal)).toEqual(normal);
        expect(new Set(normal.interests).size).toBe(normal.interests.length);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [{ nickname: ' \u200B\u202E ' }, 'nickname'],
    [{ nickname: '\u200D\u200D' }, 'nickname'],
    [{ nickname: '\u0958'.repeat(13) }, 'nickname'],
    [{ interests: ['chess', '\u2066'] }, 'interests.1'],
    [{ interests: ['İ'.repeat(13)] }, 'interests.0'],
  ])('refuses what is empty or too long once normalised: %j', (input, field) => {
    expect(errorsOf(() => normaliseProfile(input))).toEqual([{ field, code: 'length' }]);
  });

  it('leaves absent and removed fields as they are', () => {
    expect(normaliseProfile({ nickname: null, seeks: null })).toEqual({ nickname: null, seeks: null });
  });
});

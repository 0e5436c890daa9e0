import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputInvalid } from '../platform/errors/stoa-error.js';
import { normaliseText } from './message-text.js';

const refusalOf = (raw: string): unknown => {
  try {
    return normaliseText(raw);
  } catch (error) {
    return error instanceof InputInvalid ? error.errors : error;
  }
};

describe('normaliseText', () => {
  it('keeps ordinary texts of any script, emoji and inner line breaks', () => {
    for (const text of ['hello', 'Καλημέρα', 'שלום', 'สวัสดี', '👩‍👩‍👧 ok', 'a\n\nb', "o'k <b>"])
      expect(normaliseText(text)).toBe(text);
  });

  it('composes, trims and drops what could deceive', () => {
    expect(normaliseText('  e\u0301t\u00e9 \r\n')).toBe('été');
    expect(normaliseText('a\r\nb\rc')).toBe('a\nb\nc');
    expect(normaliseText('safe\u202etxt.exe\u2066')).toBe('safetxt.exe');
    expect(normaliseText('a\u0007\u0085b\tc')).toBe('abc');
    expect(normaliseText(`x${'\u0315'.repeat(50)}`)).toBe(`x${'\u0315'.repeat(8)}`);
  });

  it('counts code points, not UTF-16 units', () => {
    expect(normaliseText('😀'.repeat(2_000))).toHaveLength(4_000);
    expect(refusalOf('a'.repeat(2_001))).toEqual([{ field: 'text', code: 'length' }]);
  });

  it.each([
    ['', 'length'],
    [' \n\t ', 'length'],
    ['\u202e\u202c', 'length'],
    ['a\0b', 'format'],
    ['\ud800', 'format'],
    ['ok\udc00', 'format'],
  ])('refuses %j', (raw, code) => {
    expect(refusalOf(raw)).toEqual([{ field: 'text', code }]);
  });

  it('gives a bounded, well-formed, stable text or refuses', () => {
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.string({
        unit: fc.constantFrom('a', ' ', '\n', '\r', '\u0301', '\u0315', '\u202e', '\u0000', '\u001b', '\ud83d', '😀'),
        maxLength: 60,
      }),
    );
    fc.assert(
      fc.property(anyText, (raw) => {
        const text = refusalOf(raw);
        if (typeof text !== 'string') return;
        expect(text).not.toMatch(/\p{Cs}/u);
        expect(Array.from(text).length).toBeLessThanOrEqual(2_000);
        // oxlint-disable-next-line no-control-regex -- none may be left
        expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{M}{9}/u);
        expect(normaliseText(text)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('takes the worst 8 KiB in a few milliseconds', () => {
    const begun = performance.now();
    for (const unit of ['\u0315', '\u202e', '\r', 'a\u0301', ' ']) refusalOf(unit.repeat(8_192));
    expect(performance.now() - begun).toBeLessThan(100);
  });
});

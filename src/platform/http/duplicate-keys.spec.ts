import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasDuplicateKeys } from './duplicate-keys.js';

describe('hasDuplicateKeys', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"x":{"b":[],"c":{},"b":0}}]',
    '{"a":"}","b":"{\\"a\\":","a":2}',
    '{"a" : 1 ,\n"a"\t: 2}',
  ])('finds the one in %s', (json) => {
    JSON.parse(json);
    expect(hasDuplicateKeys(json)).toBe(true);
  });

  it.each(['{"a":{"a":{"a":1}}}', '[{"a":1},{"a":1}]', '{"a":"a","b":"a:a"}', '{"a":["\\"a\\":1","a"]}', '"a"', '1'])(
    'finds none in %s',
    (json) => {
      expect(hasDuplicateKeys(json)).toBe(false);
    },
  );

  it('finds none in what is written from a value, and one when a key is written again', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
        const json = JSON.stringify(value);
        expect(hasDuplicateKeys(json)).toBe(false);
        const [key = ''] = Object.keys(value);
        expect(hasDuplicateKeys(json.replace(/}$/, () => `,${JSON.stringify(key)}:0}`))).toBe(true);
      }),
    );
  });

  it('takes no time for the worst of what is let in', () => {
    const worst = [
      JSON.stringify('\\'.repeat(8_000)),
      JSON.stringify(Array(5_000).fill('')),
      `${'['.repeat(8_000)}${']'.repeat(8_000)}`,
      JSON.stringify(Object.fromEntries(Array.from({ length: 1_500 }, (_, i) => [`k${i}`, ':']))),
    ];
    const startedAt = performance.now();
    for (const json of worst) expect(hasDuplicateKeys(json)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(100);
  });
});

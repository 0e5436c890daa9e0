import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalEmail, emailForms } from './email-address.js';

describe('canonicalEmail', () => {
  it.each([
    ['Ada@Example.COM', 'ada@example.com'],
    ['  ada@example.com ', 'ada@example.com'],
    ['a.d.a+x@example.com', 'a.d.a+x@example.com'],
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['ada@XN--BCHER-KVA.example', 'ada@xn--bcher-kva.example'],
    ['u\u0308ber@example.com', 'über@example.com'],
  ])('%s -> %s', (text, address) => {
    expect(canonicalEmail(text)).toBe(address);
  });

  it.each([
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'a b@example.com',
    'ada@example.com\r\nBcc: eve@example.com',
    'ada@example.com, eve@example.com',
    '<ada@example.com>',
    'ada@@example.com',
    '.ada@example.com',
    'a..a@example.com',
    'ada@-example.com',
    'ada@example..com',
    `${'a'.repeat(65)}@example.com`,
    `ada@${'a'.repeat(64)}.com`,
    'ada\u0000@example.com',
    'ada@exam\u202Eple.com',
  ])('refuses %j', (text) => {
    expect(canonicalEmail(text)).toBeUndefined();
  });

  it('is idempotent and never yields a line break or a second address', () => {
    const wild = fc.string({ unit: 'grapheme' }).map((s) => `${s}@example.com`);
    fc.assert(
      fc.property(fc.oneof(fc.emailAddress(), fc.string(), wild), (text) => {
        const address = canonicalEmail(text);
        if (address === undefined) return;
        expect(canonicalEmail(address)).toBe(address);
        expect(address).not.toMatch(/[\s,;<>"]/u);
        expect(address.split('@')).toHaveLength(2);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('emailForms', () => {
  it.each([
    ['Ada@Example.COM', 'Ada@example.com', 'ada@example.com'],
    [' Ada@bücher.example', 'Ada@xn--bcher-kva.example', 'ada@xn--bcher-kva.example'],
    // A Cyrillic letter in the domain is another domain, and is written so.
    ['ada@\u0435xample.com', 'ada@xn--xample-2of.com', 'ada@xn--xample-2of.com'],
  ])('%s is written %s', (text, written, canonical) => {
    expect(emailForms(text)).toEqual({ written, canonical });
    expect(emailForms(written)).toEqual({ written, canonical });
  });
});

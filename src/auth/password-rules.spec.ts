import { describe, expect, it } from 'vitest';
import { normalisePassword, passwordFault } from './password-rules.js';

describe('passwordFault', () => {
  it.each([
    'correct horse battery staple',
    'τρία μικρά καράβια',
    'x7#Kq2!mVb9z',
    '😀🎈🚀🌍🎸🍕🐙🌵⚽️🎲🧭🪁',
    'a\u0000 NUL is a code point too',
    'mother of dragons 12',
    '8439201756238',
    'u8#k'.repeat(2) + 'other thing',
  ])('takes %j', (password) => {
    expect(passwordFault(password, 'ada.lovelace@example.com')).toBeUndefined();
  });

  it.each([
    ['short', 'length'],
    ['e\u0301'.repeat(11), 'length'],
    ['bad \uD800 surrogate', 'format'],
    ['leavemealone', 'choice'],
    ['LeaveMeAlone', 'choice'],
    ['password2026!', 'choice'],
    ['passwordpassword', 'choice'],
    ['123456789012', 'choice'],
    ['210987654321', 'choice'],
    ['abcdefghijklm', 'choice'],
    ['aaaaaaaaaaaa', 'choice'],
    ['abcabcabcabc', 'choice'],
    ['stoastoastoa', 'choice'],
    ['ada.lovelace', 'choice'],
    ['ada.lovelace1815', 'choice'],
    ['ada.lovelace@example.com', 'choice'],
  ])('refuses %j: %s', (password, code) => {
    expect(passwordFault(password, 'ada.lovelace@example.com')).toBe(code);
  });

  it('hashes one form of what keyboards write in two', () => {
    expect(normalisePassword('cafe\u0301 ﬁne')).toBe(normalisePassword('café fine'));
  });
});

import { describe, expect, it } from 'vitest';
import { TokenInvalid } from './auth.errors.js';
import { readSessionCookie, writeSessionCookie } from './session-cookie.js';
import { newToken } from '../platform/secrets/token.js';

describe('readSessionCookie', () => {
  const token = newToken();

  it.each([
    [`stoa_session=${token}`, false, token],
    [`a=b; stoa_session=${token}; c=d`, false, token],
    [`__Host-stoa_session=${token}; stoa_session=x`, true, token],
    [`stoa_session=${token}`, true, undefined],
    [`__Host-stoa_session=${token}`, false, undefined],
    [`xstoa_session=${token}`, false, undefined],
    [`stoa_session=${token}x`, false, undefined],
    ['stoa_session=', false, undefined],
    ['', false, undefined],
    [undefined, false, undefined],
  ])('%s (https: %s)', (header, secure, expected) => {
    expect(readSessionCookie(header, secure)).toBe(expected);
  });

  it('refuses the cookie twice, even with the same value', () => {
    expect(() => readSessionCookie(`stoa_session=${token}; stoa_session=${token}`, false)).toThrow(TokenInvalid);
    expect(() => readSessionCookie('stoa_session=; stoa_session=x', false)).toThrow(TokenInvalid);
  });

  it('reads back what is written', () => {
    for (const secure of [true, false]) {
      const [pair] = writeSessionCookie(token, 1_500, secure).split(';');
      expect(readSessionCookie(pair, secure)).toBe(token);
    }
    expect(writeSessionCookie(token, 1_500, true)).toBe(
      `__Host-stoa_session=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1; Secure`,
    );
  });
});

import { TokenInvalid } from './auth.errors.js';
import { isToken } from '../platform/secrets/token.js';

/** `__Host-` binds the cookie to this host, to https and to the whole path; browsers refuse it on plain http. */
const sessionCookieName = (secure: boolean): string => (secure ? '__Host-stoa_session' : 'stoa_session');

/**
 * The session token of a Cookie header; undefined when there is none or none that could be one.
 * @throws TokenInvalid when the cookie comes twice: somebody may have planted the other (cookie tossing)
 */
export function readSessionCookie(header: string | undefined, secure: boolean): string | undefined {
  const prefix = `${sessionCookieName(secure)}=`;
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length));
  if (values.length > 1) throw new TokenInvalid();
  return isToken(values[0]) ? values[0] : undefined;
}

/** A Set-Cookie value. `maxAgeMs` 0 removes the cookie. */
export function writeSessionCookie(token: string, maxAgeMs: number, secure: boolean): string {
  const attributes = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${Math.floor(maxAgeMs / 1_000)}${secure ? '; Secure' : ''}`;
  return `${sessionCookieName(secure)}=${token}; ${attributes}`;
}

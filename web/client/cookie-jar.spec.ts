import { describe, expect, it } from 'vitest';
import { createCookieJar } from './cookie-jar.js';

describe('createCookieJar', () => {
  it('sends back what it was given, newest value first in force', () => {
    const jar = createCookieJar();
    jar.store(['stoa_session=a=1; Path=/; HttpOnly', 'other=b; Secure']);
    jar.store(['stoa_session=c; Path=/; SameSite=Lax']);
    expect(jar.header()).toBe('stoa_session=c; other=b');
  });

  it.each(['Max-Age=0', 'Path=/; Max-Age=0; Secure', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'])(
    'forgets a cookie with %s',
    (attributes) => {
      const jar = createCookieJar();
      jar.store(['stoa_session=a']);
      jar.store([`stoa_session=; ${attributes}`]);
      expect(jar.header()).toBe('');
    },
  );

  it('keeps a cookie that lives', () => {
    const jar = createCookieJar();
    jar.store(['stoa_session=a; Max-Age=604800']);
    expect(jar.header()).toBe('stoa_session=a');
  });
});

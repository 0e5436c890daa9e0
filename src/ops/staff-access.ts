import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Lets the user "staff" in (HTTP Basic), and changes only from the dashboard's own pages: a browser adds the password to
 * requests of any site, but tells whose they are.
 */
export function staffAccess(password: string): RequestHandler {
  const expected = digest(`staff:${password}`);
  return (request, response, next) => {
    const given = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const ownPage = request.headers['sec-fetch-site'] === 'same-origin';
    if (!timingSafeEqual(digest(Buffer.from(given, 'base64').toString()), expected))
      response.status(401).set('WWW-Authenticate', 'Basic realm="Stoa staff", charset="UTF-8"').end();
    else if (request.method !== 'GET' && !ownPage) response.status(403).end();
    else next();
  };
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { RequestHandler } from 'express';
import type { HttpConfig } from '../../config/config.types.js';
import { documentHeaders } from './security-headers.js';

/** Built by `vite build`; the same folder from src (tests) and from dist. */
const FOLDER = fileURLToPath(new URL('../../../dist/web/', import.meta.url));

/** Paths that the web client routes by itself; each is answered with its one document. */
const CLIENT_PATHS = new Set([
  '/',
  '/confirm',
  '/reset',
  '/email-change',
  '/sign-in',
  '/register',
  '/account',
  '/privacy',
]);

/** Serves the web client under document headers; hashed assets are kept for a year, the document is always asked for again. */
export function serveWebClient(config: HttpConfig): RequestHandler {
  const headers = documentHeaders(config);
  const files = express.static(FOLDER, {
    index: false,
    redirect: false,
    setHeaders: (response, path) => {
      response.setHeader(
        'Cache-Control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      );
    },
  });
  return (request, response, next) => {
    if ((request.method !== 'GET' && request.method !== 'HEAD') || request.path.startsWith('/api/')) return next();
    const isDocument = CLIENT_PATHS.has(request.path);
    if (!isDocument && !existsSync(FOLDER + request.path.slice(1))) return next();
    headers(request, response, () => {
      if (!isDocument) return void files(request, response, next);
      response.setHeader('Cache-Control', 'no-cache');
      response.sendFile('index.html', { root: FOLDER, cacheControl: false }, (error) => error && next(error));
    });
  };
}

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import express from 'express';
import type { RequestHandler } from 'express';
import type { HttpConfig } from '../../config/config.types.js';
import { CLIENT_PATHS } from '../../contracts/client-paths.js';
import { NotFound, StoaError } from '../errors/stoa-error.js';
import { CSP_REPORTS_PATH } from './csp-reports.js';
import { documentHeaders } from './security-headers.js';

/** Built by `vite build`; the same folder from src (tests) and from dist. */
const FOLDER = fileURLToPath(new URL('../../../dist/web/', import.meta.url));

const DOCUMENTS: ReadonlySet<string> = new Set(CLIENT_PATHS);

/** Of the client's own: a raw path may climb out of its folder, and its answer would tell what else lies on the disk. */
const isFile = (path: string): boolean => !path.split('/').includes('..') && existsSync(FOLDER + path.slice(1));

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
    if (request.path.startsWith('/api/v1/') || request.path.startsWith('/health/')) return next();
    const isDocument = DOCUMENTS.has(request.path);
    if (!isDocument && !isFile(request.path)) return next(new NotFound());
    if (request.method !== 'GET' && request.method !== 'HEAD') return next(new StoaError('METHOD_NOT_ALLOWED'));
    response.setHeader('Reporting-Endpoints', `csp="${config.publicOrigin}${CSP_REPORTS_PATH}"`);
    headers(request, response, () => {
      if (!isDocument) return void files(request, response, () => next(new NotFound()));
      response.setHeader('Cache-Control', 'no-cache');
      response.sendFile('index.html', { root: FOLDER, cacheControl: false }, (error) => error && next(new NotFound()));
    });
  };
}

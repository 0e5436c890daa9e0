import type { RequestHandler } from 'express';
import { StoaError } from '../errors/stoa-error.js';
import { newRequestId } from '../request-context/request-id.js';
import { runInContext } from '../request-context/request-context.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']);
const HARMLESS_ID = /^[\w-]{1,64}$/;
/** characters */
const MAX_URL = 2_048;

/** Gives the request its id (ours always; the client's is only noted) and its context. */
export const assignRequestId: RequestHandler = (request, response, next) => {
  const requestId = newRequestId();
  const theirs = request.headers['x-request-id'];
  response.setHeader('X-Request-Id', requestId);
  const context = {
    requestId,
    ...(typeof theirs === 'string' && HARMLESS_ID.test(theirs) ? { clientRequestId: theirs } : {}),
  };
  runInContext(context, next);
};

/** Where orchestrators ask how the process is: by any host name, as often as they like. */
const PROBES = new Set(['/health/live', '/health/ready']);

export const isProbe = (path: string): boolean => PROBES.has(path);

/** The host of a `Host` header, in lower case and without its port. */
export const hostName = (header = ''): string => header.toLowerCase().replace(/:\d+$/, '');

/** Refuses host names that are not ours (a link built from a foreign Host must not exist), odd methods and endless URLs. */
export function checkTarget(allowedHosts: readonly string[]): RequestHandler {
  const allowed = new Set(allowedHosts);
  return (request, _, next) => {
    if (!METHODS.has(request.method)) return next(new StoaError('METHOD_NOT_ALLOWED'));
    if (isProbe(request.path)) return next();
    if (!allowed.has(hostName(request.headers.host))) return next(new StoaError('HOST_UNKNOWN'));
    next(request.originalUrl.length > MAX_URL ? new StoaError('NOT_FOUND') : undefined);
  };
}

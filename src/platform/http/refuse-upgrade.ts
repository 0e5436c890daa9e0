import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { toProblem } from '../errors/error-mapper.js';
import type { StoaError } from '../errors/stoa-error.js';
import { SOCKET_HEADERS } from './security-headers.js';

/** Answers an upgrade request with a problem and ends it: the socket engine itself would say 400 and text/html, whatever the reason. */
export function refuseUpgrade({ socket }: IncomingMessage, error: StoaError, requestId: string): void {
  const problem = toProblem(error, requestId);
  const body = JSON.stringify(problem);
  const headers = {
    ...SOCKET_HEADERS,
    'X-Request-Id': requestId,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...(error.retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1_000)) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`, ...lines, '', body].join('\r\n'));
}

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { toProblem } from '../errors/error-mapper.js';
import type { StoaError } from '../errors/stoa-error.js';
import { SOCKET_HEADERS } from './security-headers.js';

/** Answers with a problem where there is no response object yet, and ends the connection. `status`: where HTTP has a better one. */
export function writeProblem(socket: Duplex, error: StoaError, requestId: string, status?: number): void {
  const problem = { ...toProblem(error, requestId), ...(status === undefined ? {} : { status }) };
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

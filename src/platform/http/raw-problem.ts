import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RequestHandler } from 'express';
import type { Problem } from '../../contracts/error-codes.js';
import { toProblem } from '../errors/error-mapper.js';
import { StoaError } from '../errors/stoa-error.js';
import { currentContext } from '../request-context/request-context.js';
import { newRequestId } from '../request-context/request-id.js';
import { rawHeaders } from './security-headers.js';

interface RawAnswer {
  requestId: string;
  /** True when the public origin is https. */
  secure: boolean;
  /** Where HTTP has a better one than the error's. */
  status?: number;
}

/** Answers with a problem where there is no response object yet, and ends the connection. */
export function writeProblem(socket: Duplex, error: StoaError, { requestId, secure, status }: RawAnswer): void {
  const problem = problemWith(error, requestId, status);
  const body = JSON.stringify(problem);
  const headers = {
    ...rawHeaders(secure),
    'X-Request-Id': requestId,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
    ...(error.retryAfterMs === undefined ? {} : { 'Retry-After': String(Math.ceil(error.retryAfterMs / 1_000)) }),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`, ...lines, '', body].join('\r\n'));
}

/** Where nothing but sockets is opened: whatever does not ask for one as it must is refused as a malformed request. */
export const refuseAllButUpgrades: RequestHandler = (_, response) => {
  const problem = problemWith(new StoaError('INPUT_INVALID'), currentContext()?.requestId ?? newRequestId(), 400);
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
};

const problemWith = (error: StoaError, requestId: string, status?: number): Problem => ({
  ...toProblem(error, requestId),
  ...(status === undefined ? {} : { status }),
});

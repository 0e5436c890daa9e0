import { ERROR_CODES } from '../../contracts/error-codes.js';
import type { ErrorCode, Problem, SocketError } from '../../contracts/error-codes.js';
import { StoaError, Unavailable } from './stoa-error.js';

/**
 * SQLSTATE classes that mean "Postgres cannot do this now": connection, resources, shutdown, timeouts, locks, read-only, a transaction that
 * was left open; and that it does not know us or our database, as in the middle of a failover or of a change of password.
 */
const PASSING_SQLSTATE = /^(08|28|3D|53|57|58)|^(25006|25P02|25P03|40001|40P01|55P03)$/;
/** Errors of sockets to Postgres and Redis, and of their clients; also that there is no room for one more. */
const PASSING_CODES =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|ENOTFOUND|EAI_AGAIN|EMFILE|ENFILE|ENOBUFS|EADDRNOTAVAIL)$/;
const PASSING_MESSAGES =
  /connection is closed|connection terminated|timeout exceeded|connection timeout|query read timeout|command timed out|max retries per request|stream isn't writeable|^(OOM|LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN)\b|not queryable|cluster isn't ready|all slots|failed to refresh slots/i;

const BY_STATUS: Record<number, ErrorCode> = {
  400: 'JSON_INVALID',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'BODY_TOO_LARGE',
  415: 'MEDIA_TYPE_UNSUPPORTED',
  429: 'RATE_LIMITED',
};

/** True for a fault of a store that may pass by itself. */
export function isPassingFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (PASSING_CODES.test(code) || (code.length === 5 && PASSING_SQLSTATE.test(code))))
    return true;
  if (PASSING_MESSAGES.test(error.message)) return true;
  if (error instanceof AggregateError && error.errors.some(isPassingFault)) return true;
  return error.cause !== undefined && isPassingFault(error.cause);
}

/** The one mapper: any thrown value becomes an error of the closed list. */
export function toStoaError(error: unknown): StoaError {
  if (error instanceof StoaError) return error;
  if (isPassingFault(error)) return new Unavailable(error);
  // Of a path that is not well escaped; Nest wraps it.
  if (error instanceof Error && error.cause instanceof URIError) return new StoaError('NOT_FOUND', { cause: error });
  const status = statusOf(error);
  const code = status === undefined ? undefined : BY_STATUS[status];
  return new StoaError(code ?? 'INTERNAL', { cause: error });
}

/** The HTTP status that Nest's and Express's own errors carry. */
function statusOf(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

/** The error as sockets see it. */
export function toSocketError(error: StoaError, requestId: string): SocketError {
  return {
    code: error.code,
    message: ERROR_CODES[error.code].message,
    retryable: ERROR_CODES[error.code].retryable,
    requestId,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(error.retryAfterMs) }),
    ...(error.errors ? { errors: error.errors } : {}),
  };
}

/** The error as HTTP sees it (RFC 9457). */
export function toProblem(error: StoaError, requestId: string): Problem {
  const { status, message } = ERROR_CODES[error.code];
  return {
    type: `urn:stoa:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    title: error.code.toLowerCase().replaceAll('_', ' '),
    status,
    detail: message,
    instance: `urn:stoa:req:${requestId}`,
    code: error.code,
    requestId,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(error.retryAfterMs) }),
    ...(error.errors ? { errors: error.errors } : {}),
  };
}

import type { ErrorCode, FieldError, SocketError } from '../../src/contracts/error-codes.js';

/** The contract's codes, and two that only a client can see: nobody answered in time, or there is no connection. */
export type FailureCode = ErrorCode | 'TIMEOUT' | 'OFFLINE';

/** Every refusal and failure that the client library reports, over HTTP and sockets alike. */
export class StoaError extends Error {
  readonly code: FailureCode;
  /** The same request may succeed later, unchanged. */
  readonly retryable: boolean;
  /** ms; 0 when the server named no wait */
  readonly retryAfterMs: number;
  readonly requestId: string | undefined;
  readonly fields: readonly FieldError[];

  constructor(failure: Omit<SocketError, 'code' | 'requestId'> & { code: FailureCode; requestId?: string }) {
    super(`${failure.code}: ${failure.message}`);
    this.name = 'StoaError';
    this.code = failure.code;
    this.retryable = failure.retryable;
    this.retryAfterMs = failure.retryAfterMs ?? 0;
    this.requestId = failure.requestId;
    this.fields = failure.errors ?? [];
  }
}

export const offline = (): StoaError =>
  new StoaError({ code: 'OFFLINE', message: 'There is no connection to the server.', retryable: true });

export const timedOut = (): StoaError =>
  new StoaError({ code: 'TIMEOUT', message: 'The server did not answer in time.', retryable: true });

/** Any thrown thing as a StoaError; what is none already was a failure to reach the server. */
export const asStoaError = (thrown: unknown): StoaError => (thrown instanceof StoaError ? thrown : offline());

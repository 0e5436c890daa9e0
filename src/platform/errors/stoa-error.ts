import { ERROR_CODES } from '../../contracts/error-codes.js';
import type { ErrorCode, FieldError } from '../../contracts/error-codes.js';

/** `debug`: the client's doing. `warn`: a fault that passes. `error`: ours to mend. */
export type ErrorLevel = 'debug' | 'warn' | 'error';

interface StoaErrorOptions {
  /** Refused fields; never values. */
  errors?: FieldError[];
  /** ms */
  retryAfterMs?: number;
  cause?: unknown;
  level?: ErrorLevel;
}

/** The one error class: a code of the closed list. Features throw small named subclasses of it. */
export class StoaError extends Error {
  readonly errors?: FieldError[];
  readonly retryAfterMs?: number;
  readonly level: ErrorLevel;

  constructor(
    readonly code: ErrorCode,
    { errors, retryAfterMs, cause, level }: StoaErrorOptions = {},
  ) {
    super(ERROR_CODES[code].message, { cause });
    this.name = new.target.name;
    this.level = level ?? defaultLevel(code);
    if (errors) this.errors = errors;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

function defaultLevel(code: ErrorCode): ErrorLevel {
  if (code === 'INTERNAL') return 'error';
  return ERROR_CODES[code].status === 503 ? 'warn' : 'debug';
}

/** The input breaks the contract; names each refused field. */
export class InputInvalid extends StoaError {
  constructor(errors: FieldError[]) {
    super('INPUT_INVALID', { errors });
  }
}

/** What is asked for does not exist, or is not the caller's: the two must look alike. */
export class NotFound extends StoaError {
  constructor() {
    super('NOT_FOUND');
  }
}

/** A store does not answer in time; nothing was done, or its outcome is unknown. */
export class Unavailable extends StoaError {
  constructor(cause?: unknown, retryAfterMs = 1_000) {
    super('UNAVAILABLE', { cause, retryAfterMs });
  }
}

/** A bounded resource is full. */
export class Busy extends StoaError {
  constructor(retryAfterMs = 1_000) {
    super('BUSY', { retryAfterMs });
  }
}

/** A limit was reached. */
export class RateLimited extends StoaError {
  constructor(retryAfterMs: number) {
    super('RATE_LIMITED', { retryAfterMs });
  }
}

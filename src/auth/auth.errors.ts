import { StoaError } from '../platform/errors/stoa-error.js';

/** No session, or one that has ended. */
export class Unauthenticated extends StoaError {
  constructor() {
    super('UNAUTHENTICATED');
  }
}

/** The account is suspended; the session still lets its owner leave, erase and export. */
export class Suspended extends StoaError {
  constructor() {
    super('SUSPENDED');
  }
}

/** No CSRF token, or not this session's. */
export class CsrfInvalid extends StoaError {
  constructor() {
    super('CSRF_INVALID');
  }
}

/** The request does not come from our own pages. */
export class OriginForbidden extends StoaError {
  constructor() {
    super('ORIGIN_FORBIDDEN');
  }
}

/** Unknown, wrong, unconfirmed or suspended: the four look alike. */
export class LoginFailed extends StoaError {
  constructor() {
    super('LOGIN_FAILED');
  }
}

/** Not for this caller. */
export class Forbidden extends StoaError {
  constructor() {
    super('FORBIDDEN');
  }
}

/** A token that is unknown, used, expired or for something else: the four look alike. */
export class TokenInvalid extends StoaError {
  constructor() {
    super('TOKEN_INVALID');
  }
}

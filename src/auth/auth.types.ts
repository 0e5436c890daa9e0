import type { User } from '../contracts/state.dto.js';
import type { SessionFacts } from './session.types.js';

/** A session and the only copy of its token. */
export interface OpenedSession {
  session: SessionFacts;
  token: string;
}

/** The answer of a route that signed somebody in; `SessionInterceptor` turns it into the cookie and `Me`. */
export class SignedIn {
  constructor(
    readonly user: User,
    readonly opened: OpenedSession,
  ) {}
}

/** The answer of a route that made a pre-session. */
export class PreSessionOpened {
  constructor(readonly opened: OpenedSession) {}
}

/** The answer of a route that ended the caller's session: cookie, caches and storage of the site go. */
export class SignedOut<Body = undefined> {
  constructor(readonly body: Body) {}
}

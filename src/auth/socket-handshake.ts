import { Injectable } from '@nestjs/common';
import { HttpConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { HandshakeVerifier } from '../platform/realtime/handshake-verifier.port.js';
import { CsrfInvalid, Suspended, Unauthenticated } from './auth.errors.js';
import { readSessionCookie } from './session-cookie.js';
import { SessionService } from './session.service.js';

/** Who opens a socket: the session of the cookie, confirmed by its CSRF token. Nothing else of the client counts. */
@Injectable()
export class SocketHandshake extends HandshakeVerifier {
  constructor(
    private readonly sessions: SessionService,
    private readonly http: HttpConfig,
    private readonly audit: Audit,
  ) {
    super();
  }

  /** @throws TokenInvalid when the session cookie comes twice, Unauthenticated, CsrfInvalid, Suspended */
  override async verify(cookieHeader: string | undefined, csrfToken: unknown): Promise<Identity> {
    const token = readSessionCookie(cookieHeader, this.http.secure);
    const session = token === undefined ? undefined : await this.sessions.find(token);
    if (!session?.userId || !session.kind) throw new Unauthenticated();
    if (!this.sessions.verifyCsrf(session, csrfToken)) {
      this.audit.tally({ event: 'csrf.refuse', result: 'refused', reason: 'CSRF_INVALID' });
      throw new CsrfInvalid();
    }
    if (session.suspended) throw new Suspended();
    this.sessions.touchSoon(session);
    return { userId: session.userId, sessionId: session.id, kind: session.kind };
  }
}

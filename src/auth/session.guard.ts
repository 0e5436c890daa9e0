import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { HttpConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import { currentContext } from '../platform/request-context/request-context.js';
import { AccessRules } from './access-rules.js';
import { CsrfInvalid, Suspended, Unauthenticated } from './auth.errors.js';
import type { DoorRequest } from './door-request.js';
import { readSessionCookie } from './session-cookie.js';
import { SessionService } from './session.service.js';
import type { SessionFacts } from './session.types.js';

/** Finds the session of a request, checks its CSRF token, and puts the identity on the request. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(
    private readonly rules: AccessRules,
    private readonly sessions: SessionService,
    private readonly http: HttpConfig,
    private readonly audit: Audit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const level = this.rules.levelOf(context);
    if (level === 'open') return true;
    const request = context.switchToHttp().getRequest<DoorRequest>();
    const token = readSessionCookie(request.headers.cookie, this.http.secure);
    const session = token === undefined ? undefined : await this.sessions.find(token);
    if (session) this.admit(request, session);
    if (level !== 'visitor' && !request.identity) throw new Unauthenticated();
    if (this.rules.isGuarded(context)) this.checkCsrf(request, session);
    if (level === 'user' && session?.suspended) throw new Suspended();
    return true;
  }

  private admit(request: DoorRequest, session: SessionFacts): void {
    request.session = session;
    if (!session.userId || !session.kind) return;
    request.identity = { userId: session.userId, sessionId: session.id, kind: session.kind };
    const work = currentContext();
    if (work) work.userId = session.userId;
    this.sessions.touchSoon(session);
  }

  private checkCsrf(request: DoorRequest, session: SessionFacts | undefined): void {
    if (session && this.sessions.verifyCsrf(session, request.headers['x-csrf-token'])) return;
    this.audit.tally({ event: 'csrf.refuse', result: 'refused', reason: 'CSRF_INVALID' });
    throw new CsrfInvalid();
  }
}

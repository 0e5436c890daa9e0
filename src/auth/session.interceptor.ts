import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { HttpConfig, SessionConfig } from '../config/config.types.js';
import type { CsrfToken, Me } from '../contracts/http.dto.js';
import { PreSessionOpened, SignedIn, SignedOut } from './auth.types.js';
import { writeSessionCookie } from './session-cookie.js';
import { SessionService } from './session.service.js';

/** Turns what a route did to the session into headers, so that the doors stay one line. */
@Injectable()
export class SessionInterceptor implements NestInterceptor {
  constructor(
    private readonly sessions: SessionService,
    private readonly http: HttpConfig,
    private readonly config: SessionConfig,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(map((answer) => this.translate(answer, response)));
  }

  private translate(answer: unknown, response: Response): unknown {
    if (answer instanceof SignedIn) return this.signIn(answer, response);
    if (answer instanceof PreSessionOpened) return this.openPreSession(answer, response);
    if (answer instanceof SignedOut) return this.signOut(answer, response);
    return answer;
  }

  private signIn({ user, opened }: SignedIn, response: Response): Me {
    this.setCookie(response, opened.token, this.config.maxAgeMs);
    return { user, csrfToken: this.sessions.csrfTokenOf(opened.session) };
  }

  private openPreSession({ opened: { session, token } }: PreSessionOpened, response: Response): CsrfToken {
    this.setCookie(response, token, session.expiresAt.getTime() - session.createdAt.getTime());
    return { csrfToken: this.sessions.csrfTokenOf(session) };
  }

  private signOut({ body }: SignedOut<unknown>, response: Response): unknown {
    this.setCookie(response, '', 0);
    response.setHeader('Clear-Site-Data', '"cache", "cookies", "storage"');
    return body;
  }

  private setCookie(response: Response, token: string, maxAgeMs: number): void {
    response.setHeader('Set-Cookie', writeSessionCookie(token, maxAgeMs, this.http.secure));
  }
}

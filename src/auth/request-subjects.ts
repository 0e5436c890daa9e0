import { Injectable } from '@nestjs/common';
import { HttpConfig } from '../config/config.types.js';
import { ClientAddress } from '../platform/http/client-address.js';
import type { LimitScope } from '../platform/limiter/limits.js';
import { canonicalEmail } from '../platform/mail/email-address.js';
import { KeyRing } from '../platform/secrets/key-ring.js';
import type { DoorRequest } from './door-request.js';
import { readSessionCookie } from './session-cookie.js';

/** Longest e-mail text that is digested (characters); validation refuses longer ones later. */
const MAX_EMAIL = 320;

/** Whom a limit counts: a digest for every scope, made without asking a store. */
@Injectable()
export class RequestSubjects {
  constructor(
    private readonly addresses: ClientAddress,
    private readonly keys: KeyRing,
    private readonly http: HttpConfig,
  ) {}

  /** Undefined: there is nobody to count. Newcomers without a cookie share nothing but their address, and that has limits of its own. */
  digestOf(scope: Exclude<LimitScope, 'session'>, request: DoorRequest): string;
  digestOf(scope: LimitScope, request: DoorRequest): string | undefined;
  digestOf(scope: LimitScope, request: DoorRequest): string | undefined {
    switch (scope) {
      case 'address':
        return this.addresses.digestOf(request);
      case 'session':
        return this.sessionOf(request);
      case 'user':
        return this.keys.digest('limit', request.identity?.userId ?? this.addresses.digestOf(request));
      case 'email':
        return this.emailOf(request);
      case 'email_and_address':
        return this.keys.digest('limit', `${this.emailOf(request)} ${this.addresses.digestOf(request)}`);
    }
  }

  /** By the cookie, whether or not there is such a session: the limit comes before the look-up. */
  private sessionOf(request: DoorRequest): string | undefined {
    const token = readSessionCookie(request.headers.cookie, this.http.secure);
    return token && this.keys.digest('limit', token);
  }

  /** Any text counts, known or not, address or not. */
  private emailOf({ body }: DoorRequest): string {
    const { email } = (body ?? {}) as { email?: unknown };
    const text = typeof email === 'string' ? email.slice(0, MAX_EMAIL) : '';
    return this.keys.digest('email', canonicalEmail(text) ?? text.toLowerCase());
  }
}

import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { HttpConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import { ClientAddress } from '../platform/http/client-address.js';
import { currentContext } from '../platform/request-context/request-context.js';
import { Clock } from '../platform/time/clock.js';
import { AccessRules } from './access-rules.js';
import { OriginForbidden } from './auth.errors.js';
import type { DoorRequest } from './door-request.js';
import { isOwnOrigin } from './origin-rule.js';

/** First of the guards: an unsafe request must come from our own pages. Asks no store. */
@Injectable()
export class OriginGuard implements CanActivate {
  constructor(
    private readonly rules: AccessRules,
    private readonly http: HttpConfig,
    private readonly addresses: ClientAddress,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const request = context.switchToHttp().getRequest<DoorRequest>();
    request.arrivedAt = this.clock.monotonicMs();
    const work = currentContext();
    if (work) work.ipHash = this.addresses.digestOf(request);
    if (!this.rules.isGuarded(context)) return true;
    const secFetchSite = request.headers['sec-fetch-site'];
    const facts = {
      origin: request.headers.origin,
      secFetchSite: typeof secFetchSite === 'string' ? secFetchSite : undefined,
    };
    if (isOwnOrigin(facts, this.http.publicOrigin)) return true;
    this.audit.tally({ event: 'origin.refuse', result: 'refused', reason: 'ORIGIN_FORBIDDEN' });
    throw new OriginForbidden();
  }
}

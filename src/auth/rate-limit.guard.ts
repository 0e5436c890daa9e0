import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { RuntimeConfig } from '../config/config.types.js';
import { Audit } from '../platform/audit/audit.js';
import { RateLimited } from '../platform/errors/stoa-error.js';
import { ROUTE_LIMITS } from '../platform/limiter/limits.decorator.js';
import { HTTP_LIMITS, SLOW_DOWN_MS } from '../platform/limiter/limits.js';
import type { HttpLimit, HttpLimitName } from '../platform/limiter/limits.js';
import { LocalGcra } from '../platform/limiter/local-gcra.js';
import type { Verdict } from '../platform/limiter/limit.types.js';
import { RateLimiter } from '../platform/limiter/rate-limiter.js';
import { Clock } from '../platform/time/clock.js';
import { AccessRules } from './access-rules.js';
import type { DoorRequest } from './door-request.js';
import { RequestSubjects } from './request-subjects.js';

/** Every limit of one route. */
const limitsOf = (own: readonly HttpLimitName[]): HttpLimitName[] => ['all_address', 'all_session', ...own];
const isByUser = (name: HttpLimitName): boolean => HTTP_LIMITS[name].scope === 'user';

/** What both guards share: one call to the shared buckets per request, and what follows from its verdicts. */
@Injectable()
export class HttpLimits {
  constructor(
    private readonly reflector: Reflector,
    private readonly limiter: RateLimiter,
    private readonly subjects: RequestSubjects,
    private readonly audit: Audit,
    private readonly runtime: RuntimeConfig,
  ) {}

  /** The route's own limits; undefined when no limit acts on it at all. */
  ownLimits(context: ExecutionContext, rules: AccessRules): readonly HttpLimitName[] | undefined {
    if (context.getType() !== 'http' || !this.runtime.rateLimits || rules.levelOf(context) === 'open') return undefined;
    return this.reflector.get<HttpLimitName[] | undefined>(ROUTE_LIMITS, context.getHandler()) ?? [];
  }

  /** @throws RateLimited */
  async take(context: ExecutionContext, own: readonly HttpLimitName[]): Promise<void> {
    const request = context.switchToHttp().getRequest<DoorRequest>();
    const buckets = limitsOf(own).flatMap((name) => this.bucketOf(name, request));
    const verdicts = await this.limiter.take(buckets);
    const judged = buckets.map(({ name, limit }, i) => ({ name, limit, verdict: verdicts[i] as Verdict }));
    const excess = this.conclude(context, judged);
    request.overQuietLimit = excess.some(({ limit }) => limit.onExcess === 'quiet');
    if (excess.some(({ limit }) => limit.onExcess === 'slow')) await sleep(SLOW_DOWN_MS);
  }

  /** Tells the limits in the answer. @returns what is over limits that do not refuse. @throws RateLimited */
  conclude(context: ExecutionContext, judged: Judged[]): Judged[] {
    describeLimits(context.switchToHttp().getResponse<Response>(), judged);
    const excess = judged.filter(({ verdict }) => !verdict.allowed);
    this.refuse(excess.filter(({ limit }) => limit.onExcess === 'refuse'));
    return excess;
  }

  /** None when the request has nobody whom the limit counts. */
  private bucketOf(name: HttpLimitName, request: DoorRequest) {
    const limit: HttpLimit = HTTP_LIMITS[name];
    const digest = this.subjects.digestOf(limit.scope, request);
    return digest === undefined ? [] : [{ name, digest, limit, refuses: limit.onExcess === 'refuse' }];
  }

  private refuse(excess: Judged[]): void {
    const [first] = excess;
    if (!first) return;
    this.audit.tally({ event: 'limit.refuse', result: 'refused', reason: first.name });
    throw new RateLimited(Math.max(...excess.map(({ verdict }) => verdict.retryAfterMs)));
  }
}

/** Before the session is looked up: limits by address, cookie and e-mail. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  private readonly local = new LocalGcra();

  constructor(
    private readonly limits: HttpLimits,
    private readonly rules: AccessRules,
    private readonly subjects: RequestSubjects,
    private readonly clock: Clock,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const own = this.limits.ownLimits(context, this.rules);
    if (!own) return true;
    // A route that counts by user asks the shared buckets once, when the user is known; until then a local one holds a flood.
    if (own.some(isByUser)) this.checkLocally(context);
    else await this.limits.take(context, own);
    return true;
  }

  private checkLocally(context: ExecutionContext): void {
    const digest = this.subjects.digestOf('address', context.switchToHttp().getRequest<DoorRequest>());
    const verdict = this.local.take(digest, HTTP_LIMITS.all_address, this.clock.monotonicMs());
    this.limits.conclude(context, [{ name: 'all_address', limit: HTTP_LIMITS.all_address, verdict }]);
  }
}

/** After the session is known: the routes that count by user. */
@Injectable()
export class UserRateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: HttpLimits,
    private readonly rules: AccessRules,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const own = this.limits.ownLimits(context, this.rules);
    if (own?.some(isByUser)) await this.limits.take(context, own);
    return true;
  }
}

/** One limit, and what its bucket said. */
interface Judged {
  name: HttpLimitName;
  limit: HttpLimit;
  verdict: Verdict;
}

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers); limits by e-mail stay out: they would tell of others. */
function describeLimits(response: Response, all: Judged[]): void {
  const shown = all.filter(({ limit }) => limit.onExcess === 'refuse' && !limit.scope.startsWith('email'));
  const seconds = (ms: number): number => Math.ceil(ms / 1_000);
  response.setHeader(
    'RateLimit-Policy',
    shown.map(({ name, limit }) => `"${name}";q=${limit.count};w=${seconds(limit.perMs)}`).join(', '),
  );
  response.setHeader(
    'RateLimit',
    shown.map(({ name, verdict }) => `"${name}";r=${verdict.remaining};t=${seconds(verdict.retryAfterMs)}`).join(', '),
  );
}

import type { INestApplicationContext } from '@nestjs/common';
import type { RequestHandler } from 'express';
import { RuntimeConfig } from '../../config/config.types.js';
import { Audit } from '../audit/audit.js';
import { RateLimited } from '../errors/stoa-error.js';
import { ALL_REQUESTS } from '../limiter/limits.js';
import { LocalGcra } from '../limiter/local-gcra.js';
import { currentContext } from '../request-context/request-context.js';
import { Clock } from '../time/clock.js';
import { ClientAddress } from './client-address.js';
import { isProbe } from './request-gate.js';

/**
 * What an address may ask of this process at all: files of the client and paths that do not exist, too, where no route's limits act.
 * In memory, and above what the routes allow, so that a flood of those costs Redis nothing either.
 */
export function limitRequests(app: INestApplicationContext): RequestHandler {
  const { rateLimits } = app.get(RuntimeConfig, { strict: false });
  const [addresses, clock] = [app.get(ClientAddress, { strict: false }), app.get(Clock, { strict: false })];
  const audit = app.get(Audit, { strict: false });
  const buckets = new LocalGcra();
  return (request, _, next) => {
    if (!rateLimits || isProbe(request.path)) return next();
    const { allowed, retryAfterMs } = buckets.take(addresses.blockOf(request), ALL_REQUESTS, clock.monotonicMs());
    if (allowed) return next();
    const context = currentContext();
    if (context) context.ipHash = addresses.digestOf(request);
    audit.tally({ event: 'limit.refuse', result: 'refused', reason: 'all_requests' });
    next(new RateLimited(retryAfterMs));
  };
}

import type { INestApplicationContext } from '@nestjs/common';
import express from 'express';
import type { RequestHandler } from 'express';
import { HttpConfig, RuntimeConfig } from '../../config/config.types.js';
import { RateLimited, StoaError } from '../errors/stoa-error.js';
import { CSP_REPORTS } from '../limiter/limits.js';
import { LocalGcra } from '../limiter/local-gcra.js';
import { Metrics } from '../metrics/metrics.js';
import { Clock } from '../time/clock.js';
import { mapParseError } from './body-parser.js';
import { ClientAddress } from './client-address.js';

export const CSP_REPORTS_PATH = '/csp-reports';

/** bytes */
const MAX_REPORT = 8 * 1_024;
/** Violations of one report that count. */
const MAX_VIOLATIONS = 20;

/** What our policies name; whatever else a report says is `other`: it is anybody's text. */
const DIRECTIVES = new Set(
  'default-src script-src script-src-elem script-src-attr style-src style-src-elem style-src-attr img-src font-src connect-src manifest-src base-uri form-action frame-ancestors object-src require-trusted-types-for trusted-types'.split(
    ' ',
  ),
);
const SOURCES = new Set(['inline', 'eval', 'wasm-eval', 'data', 'blob', 'trusted-types-policy', 'trusted-types-sink']);

/** A violation as a metric may tell it. */
interface Violation {
  directive: string;
  blocked: string;
}

/**
 * Takes browsers' reports of what the policy of a page kept from loading, and counts them. Browsers send them without a token and in
 * a format of their own; nothing of them is kept.
 */
export function receiveCspReports(app: INestApplicationContext): RequestHandler[] {
  const { publicOrigin } = app.get(HttpConfig, { strict: false });
  const violations = app
    .get(Metrics)
    .counter('stoa_csp_violations_total', 'What browsers say the policy of a page kept out', {
      labels: ['directive', 'blocked'],
    });
  const parse = express.json({ limit: MAX_REPORT, inflate: false, type: 'application/reports+json' });
  return [
    (request, _, next) => next(request.method === 'POST' ? undefined : new StoaError('METHOD_NOT_ALLOWED')),
    limitReports(app),
    (request, response, next) => parse(request, response, (error) => next(mapParseError(error))),
    (request, response, next) => {
      if (!Array.isArray(request.body)) return next(new StoaError('MEDIA_TYPE_UNSUPPORTED'));
      for (const report of request.body.slice(0, MAX_VIOLATIONS)) {
        const violation = readViolation(report, publicOrigin);
        if (violation) violations.inc({ ...violation });
      }
      response.status(204).end();
    },
  ];
}

function limitReports(app: INestApplicationContext): RequestHandler {
  const [addresses, clock] = [app.get(ClientAddress, { strict: false }), app.get(Clock, { strict: false })];
  const { rateLimits } = app.get(RuntimeConfig, { strict: false });
  const buckets = new LocalGcra();
  return (request, _, next) => {
    const { allowed, retryAfterMs } = buckets.take(addresses.blockOf(request), CSP_REPORTS, clock.monotonicMs());
    next(allowed || !rateLimits ? undefined : new RateLimited(retryAfterMs));
  };
}

/** Undefined for a report of another kind, or of none. */
function readViolation(report: unknown, publicOrigin: string): Violation | undefined {
  const { type, body } = (report ?? {}) as {
    type?: unknown;
    body?: { effectiveDirective?: unknown; blockedURL?: unknown };
  };
  if (type !== 'csp-violation') return undefined;
  const directive = String(body?.effectiveDirective);
  return {
    directive: DIRECTIVES.has(directive) ? directive : 'other',
    blocked: sourceOf(body?.blockedURL, publicOrigin),
  };
}

function sourceOf(blocked: unknown, publicOrigin: string): string {
  if (typeof blocked !== 'string') return 'other';
  if (SOURCES.has(blocked)) return blocked;
  return URL.canParse(blocked) && new URL(blocked).origin === publicOrigin ? 'self' : 'other';
}

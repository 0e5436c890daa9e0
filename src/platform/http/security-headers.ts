import helmet from 'helmet';
import type { RequestHandler } from 'express';

/** `maxAge`: seconds, a year. */
const HSTS = { maxAge: 31_536_000, includeSubDomains: true };

const PERMISSIONS =
  'accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), ' +
  'magnetometer=(), microphone=(), midi=(), payment=(), usb=(), browsing-topics=()';

/** Answers that Express never sees: upgrades, and what fails below it. They carry no document, so the policy allows nothing. */
export const rawHeaders = (secure: boolean): Record<string, string> => ({
  ...(secure ? { 'Strict-Transport-Security': `max-age=${HSTS.maxAge}; includeSubDomains` } : {}),
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': PERMISSIONS,
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
});

interface Deployment {
  publicOrigin: string;
  secure: boolean;
}

/** Strict headers for the web client's documents (security 1.4 H1). */
export function documentHeaders({ publicOrigin, secure }: Deployment): RequestHandler {
  const self = "'self'";
  const socket = publicOrigin.replace(/^http/, 'ws');
  return withPermissions(
    helmet({
      ...shared(secure),
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: [self],
          styleSrc: [self],
          imgSrc: [self, 'data:'],
          fontSrc: [self],
          connectSrc: [self, socket],
          manifestSrc: [self],
          baseUri: ["'none'"],
          formAction: [self],
          frameAncestors: ["'none'"],
          objectSrc: ["'none'"],
          requireTrustedTypesFor: ["'script'"],
          trustedTypes: ["'none'"],
          reportTo: ['csp'],
          ...(secure ? { upgradeInsecureRequests: [] } : {}),
        },
      },
    }),
  );
}

/** Strict headers for JSON (H2): nothing may be loaded, framed, sniffed or kept. */
export function apiHeaders({ secure }: Deployment): RequestHandler {
  const policy = helmet({
    ...shared(secure),
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
  });
  return withPermissions((request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    policy(request, response, next);
  });
}

const shared = (secure: boolean) => ({
  referrerPolicy: { policy: 'no-referrer' as const },
  crossOriginOpenerPolicy: { policy: 'same-origin' as const },
  crossOriginResourcePolicy: { policy: 'same-origin' as const },
  strictTransportSecurity: secure ? HSTS : (false as const),
  xFrameOptions: { action: 'deny' as const },
});

const withPermissions =
  (handler: RequestHandler): RequestHandler =>
  (request, response, next) => {
    response.setHeader('Permissions-Policy', PERMISSIONS);
    handler(request, response, next);
  };

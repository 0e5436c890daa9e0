import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { Audit } from '../platform/audit/audit.js';
import { ClientAddress } from '../platform/http/client-address.js';
import { rawHeaders } from '../platform/http/security-headers.js';
import type { Limit } from '../platform/limiter/limit.types.js';
import { LocalGcra } from '../platform/limiter/local-gcra.js';
import { Log } from '../platform/logging/log.js';
import { runInContext } from '../platform/request-context/request-context.js';
import { newRequestId } from '../platform/request-context/request-id.js';
import { Clock } from '../platform/time/clock.js';

/** Wrong passwords of one address; then the right one is refused as well, so that guessing on tells nothing. */
const GUESSES: Limit = { count: 10, perMs: 15 * 60_000 };

/** The dashboard's page loads its own files only; it sets styles inline. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

/** Longest path that the trail keeps (characters). */
const MAX_TARGET = 200;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who may see and change what operators alone may: whoever has the staff's password. */
@Injectable()
export class StaffAccess {
  private readonly guesses = new LocalGcra();

  constructor(
    private readonly addresses: ClientAddress,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /**
   * Lets the user "staff" in (HTTP Basic), and changes only from the dashboard's own pages: a browser adds the password to
   * requests of any site, but tells whose they are. Each change is in the audit trail before it is made, or is not made.
   */
  handler(password: string): RequestHandler {
    const expected = digest(`staff:${password}`);
    return (request, response, next) => {
      const requestId = newRequestId();
      response.set({ ...rawHeaders(false), 'Content-Security-Policy': POLICY, 'X-Request-Id': requestId });
      runInContext({ requestId, ipHash: this.addresses.digestOf(request) }, () => {
        if (this.admits(request, response, expected)) void this.letPass(request, response, next);
      });
    };
  }

  private admits(request: Request, response: Response, expected: Buffer): boolean {
    const address = this.addresses.blockOf(request);
    const { allowed, retryAfterMs } = this.guesses.peek(address, GUESSES, this.clock.monotonicMs());
    if (!allowed) {
      response
        .status(429)
        .set('Retry-After', `${Math.ceil(retryAfterMs / 1_000)}`)
        .end();
      return false;
    }
    const given = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (given !== undefined && timingSafeEqual(digest(Buffer.from(given, 'base64').toString()), expected)) return true;
    // A browser asks without a password first.
    if (given !== undefined) this.noteGuess(address);
    response.status(401).set('WWW-Authenticate', 'Basic realm="Stoa staff", charset="UTF-8"').end();
    return false;
  }

  private noteGuess(address: string): void {
    this.guesses.take(address, GUESSES, this.clock.monotonicMs());
    this.audit.tally({ event: 'staff.refuse', result: 'refused', reason: 'LOGIN_FAILED' });
  }

  private async letPass(request: Request, response: Response, next: NextFunction): Promise<void> {
    const { method, path, headers } = request;
    if (method === 'GET') return next();
    if (headers['sec-fetch-site'] !== 'same-origin') return void response.status(403).end();
    const change = { event: 'queue.change', actor: null, target: `${method} ${path}`.slice(0, MAX_TARGET) };
    try {
      await this.audit.transaction((transaction) => this.audit.append(transaction, change));
    } catch (error) {
      this.log.warn({ event: 'queue_dashboard.not_audited', err: error });
      return void response.status(503).end();
    }
    next();
  }
}

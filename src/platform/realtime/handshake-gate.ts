import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Injectable, Optional } from '@nestjs/common';
import type { ErrorCode } from '../../contracts/error-codes.js';
import { toSocketError, toStoaError } from '../errors/error-mapper.js';
import { StoaError, Unavailable } from '../errors/stoa-error.js';
import { LoadMonitor } from '../health/load-monitor.js';
import { hostName } from '../http/request-gate.js';
import { SOCKET_HEADERS } from '../http/security-headers.js';
import { HandshakeLimits } from '../limiter/handshake-limits.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { newRequestId } from '../request-context/request-id.js';
import { runInContext } from '../request-context/request-context.js';
import type { Connection } from './connection.types.js';
import { HandshakeVerifier } from './handshake-verifier.port.js';

/** Longest time to find out who connects (ms). */
const VERIFY_TIMEOUT = 4_000;

interface OriginRule {
  publicOrigin: string;
  /** Lower case, without port. */
  allowedHosts: readonly string[];
  /** In production a missing Origin is refused, too. */
  originRequired: boolean;
}

/** Decides about a socket before it exists: the origin at the engine, the session and the CSRF token at the namespace. */
@Injectable()
export class HandshakeGate {
  private draining = false;
  private readonly refusals;

  constructor(
    private readonly verifier: HandshakeVerifier,
    private readonly load: LoadMonitor,
    private readonly log: Log,
    metrics: Metrics,
    @Optional() private readonly limits?: HandshakeLimits,
  ) {
    this.refusals = metrics.counter('stoa_handshake_refusals_total', 'Refused socket handshakes', { labels: ['code'] });
  }

  /** From now on every handshake is answered with `DRAINING`. */
  drain(): void {
    this.draining = true;
  }

  /** @returns why the upgrade request is refused (HTTP 403), or undefined */
  refuseRequest({ headers }: IncomingMessage, rule: OriginRule): ErrorCode | undefined {
    const code = faultOf(headers, rule);
    if (!code) return undefined;
    this.refusals.inc({ code });
    this.log.info({ event: 'handshake.refused', code });
    return code;
  }

  /** Headers of the engine's own answers, which Express never sees. */
  headers(): Record<string, string> {
    return { ...SOCKET_HEADERS, 'X-Request-Id': newRequestId() };
  }

  /** Socket.IO middleware: sets the identity, or refuses with the error object as `err.data`. */
  async authenticate(connection: Connection, next: (error?: Error) => void): Promise<void> {
    const requestId = newRequestId();
    try {
      if (this.draining) throw new StoaError('DRAINING', { retryAfterMs: 1_000 });
      this.load.admitHandshake();
      this.limits?.admitAddress(connection);
      const { headers, auth } = connection.handshake;
      const csrfToken = (auth as { csrfToken?: unknown } | undefined)?.csrfToken;
      const verified = runInContext({ requestId }, () => this.verifier.verify(headers.cookie, csrfToken));
      connection.data.identity = await withDeadline(verified);
      this.limits?.admitUser(connection);
      connection.data.connectionId = randomUUID();
      next();
    } catch (error) {
      const mapped = toStoaError(error);
      this.refusals.inc({ code: mapped.code });
      this.log[mapped.level]({ event: 'handshake.refused', code: mapped.code, requestId, cause: mapped.cause });
      next(Object.assign(new Error(mapped.code), { data: toSocketError(mapped, requestId) }));
    }
  }
}

function faultOf({ host, origin }: IncomingHttpHeaders, rule: OriginRule): ErrorCode | undefined {
  if (!rule.allowedHosts.includes(hostName(host))) return 'HOST_UNKNOWN';
  const fits = origin === undefined ? !rule.originRequired : origin === rule.publicOrigin;
  return fits ? undefined : 'ORIGIN_FORBIDDEN';
}

/** `next` that is never called would leave the client hanging. */
function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unavailable()), VERIFY_TIMEOUT);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { ErrorCode } from '../../contracts/error-codes.js';
import { Audit } from '../audit/audit.js';
import type { AuditEntry } from '../audit/audit.js';
import { Cohorts } from '../concurrency/cohorts.js';
import { toSocketError, toStoaError } from '../errors/error-mapper.js';
import { StoaError, Unavailable } from '../errors/stoa-error.js';
import { LoadMonitor } from '../health/load-monitor.js';
import { writeProblem } from '../http/raw-problem.js';
import { hostName } from '../http/request-gate.js';
import { HandshakeLimits } from '../limiter/handshake-limits.js';
import { Log } from '../logging/log.js';
import { Metrics } from '../metrics/metrics.js';
import { newRequestId } from '../request-context/request-id.js';
import { runInContext } from '../request-context/request-context.js';
import type { RequestContext } from '../request-context/request-context.js';
import type { Connection } from './connection.types.js';
import { HandshakeVerifier } from './handshake-verifier.port.js';

/** Longest time to find out who connects (ms). */
const VERIFY_TIMEOUT = 4_000;

/**
 * Handshakes of a herd are let in every 1.5 s: what they ask of Postgres is then a few queries. From 80 a second on; below,
 * nobody waits. The longest wait is 3.5 s.
 */
const HERD = { windowMs: 50, herdFrom: 4, firstMs: 500, everyMs: 1_500, size: 1_000, maxWaiting: 2_000 };

/** Refusals that stand in the audit trail. */
const NOTED: ReadonlyMap<ErrorCode, AuditEntry> = new Map([
  ['ORIGIN_FORBIDDEN', { event: 'origin.refuse', result: 'refused', reason: 'ORIGIN_FORBIDDEN' }],
  ['RATE_LIMITED', { event: 'limit.refuse', result: 'refused', reason: 'socket handshake' }],
]);

/** Socket.IO's time for a transport to get into a namespace: `CONNECT_TIMEOUT` of the adapter. Its own name for the timer. */
interface ConnectTimer {
  connectTimeout?: NodeJS.Timeout;
}

interface OriginRule {
  publicOrigin: string;
  /** Lower case, without port. */
  allowedHosts: readonly string[];
  /** In production a missing Origin is refused, too. */
  originRequired: boolean;
  /** True when the public origin is https. */
  secure: boolean;
}

/** Decides about a socket before it exists: the origin at the engine, the session and the CSRF token at the namespace. */
@Injectable()
export class HandshakeGate {
  private draining = false;
  private readonly refusals;
  private readonly queue = new Cohorts(HERD);
  private readonly forgiven = new WeakSet<object>();

  constructor(
    private readonly verifier: HandshakeVerifier,
    private readonly load: LoadMonitor,
    private readonly log: Log,
    metrics: Metrics,
    private readonly limits: HandshakeLimits,
    private readonly audit: Audit,
  ) {
    this.refusals = metrics.counter('stoa_handshake_refusals_total', 'Refused socket handshakes', { labels: ['code'] });
    metrics.gauge(
      'stoa_handshakes_waiting',
      'Socket handshakes of a herd that wait for their turn',
      () => this.queue.waitingCount,
    );
  }

  /** From now on every handshake is answered with `DRAINING`. */
  drain(): void {
    this.draining = true;
  }

  /** Lets an upgrade request pass, or answers it: 421 for a foreign host, 403 for a foreign origin, 429 for too many. */
  admitRequest(request: IncomingMessage, rule: OriginRule): boolean {
    try {
      checkSource(request.headers, rule);
      this.limits.admitTransport(request);
      return true;
    } catch (error) {
      const mapped = toStoaError(error);
      const context = this.contextOf(request);
      const { requestId } = context;
      this.refusals.inc({ code: mapped.code });
      this.log.info({ event: 'handshake.refused', code: mapped.code, requestId });
      runInContext(context, () => this.note(mapped.code));
      writeProblem(request.socket, mapped, { requestId, secure: rule.secure });
      return false;
    }
  }

  private refuseWhileDraining(): void {
    if (this.draining) throw new StoaError('DRAINING', { retryAfterMs: 1_000 });
  }

  /** What only an attack or a client gone wild brings about leaves a trace: one row a minute for an address and user, however many come. */
  private note(code: ErrorCode): void {
    const entry = NOTED.get(code);
    if (entry) this.audit.tally(entry);
  }

  /** Socket.IO middleware: sets the identity, or refuses with the error object as `err.data`. */
  async authenticate(connection: Connection, next: (error?: Error) => void): Promise<void> {
    const context = this.contextOf(connection.request);
    next(await runInContext(context, () => this.refusalOf(connection, context)));
  }

  /** Never rejects. @returns undefined for whom is let in */
  private async refusalOf(connection: Connection, context: RequestContext): Promise<Error | undefined> {
    try {
      await this.admit(connection, context);
      return undefined;
    } catch (error) {
      const { requestId } = context;
      const mapped = toStoaError(error);
      this.refusals.inc({ code: mapped.code });
      this.note(mapped.code);
      this.log[mapped.level]({ event: 'handshake.refused', code: mapped.code, requestId, cause: mapped.cause });
      return Object.assign(new Error(mapped.code), { data: toSocketError(mapped, requestId) });
    }
  }

  private async admit(connection: Connection, context: RequestContext): Promise<void> {
    this.refuseWhileDraining();
    this.load.admitHandshake();
    await this.limits.admitAddress(connection);
    await this.queue.enter();
    this.forgiveWait(connection.client);
    this.refuseWhileDraining();
    const { headers, auth } = connection.handshake;
    const csrfToken = (auth as { csrfToken?: unknown } | undefined)?.csrfToken;
    connection.data.identity = await withDeadline(this.verifier.verify(headers.cookie, csrfToken));
    context.userId = connection.data.identity.userId;
    await this.limits.admitUser(connection);
    // A drain that began meanwhile has told everybody who was here, and would close this one unwarned.
    this.refuseWhileDraining();
    connection.data.connectionId = randomUUID();
  }

  /** Who asked in time is not closed for having waited here; once: whoever is refused and asks again has the rest of that time. */
  private forgiveWait(client: object): void {
    if (this.forgiven.has(client)) return;
    this.forgiven.add(client);
    (client as ConnectTimer).connectTimeout?.refresh();
  }

  private contextOf(request: IncomingMessage): RequestContext {
    return { requestId: newRequestId(), ipHash: this.limits.digestOf(request) };
  }
}

function checkSource({ host, origin }: IncomingHttpHeaders, rule: OriginRule): void {
  if (!rule.allowedHosts.includes(hostName(host))) throw new StoaError('HOST_UNKNOWN');
  const fits = origin === undefined ? !rule.originRequired : origin === rule.publicOrigin;
  if (!fits) throw new StoaError('ORIGIN_FORBIDDEN');
}

/** `next` that is never called would leave the client hanging. */
function withDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unavailable()), VERIFY_TIMEOUT);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

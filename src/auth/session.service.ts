import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SessionConfig } from '../config/config.types.js';
import type { SessionList } from '../contracts/http.dto.js';
import { Audit } from '../platform/audit/audit.js';
import { NotFound } from '../platform/errors/stoa-error.js';
import { DomainEvents } from '../platform/events/domain-events.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Log } from '../platform/logging/log.js';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import type { Transaction } from '../platform/postgres/database.js';
import { KeyRing } from '../platform/secrets/key-ring.js';
import { SessionRevoked } from './auth.events.js';
import { SessionRepository } from './session.repository.js';
import { SignedOut } from './auth.types.js';
import type { OpenedSession } from './auth.types.js';
import { hashToken, isToken, newToken } from '../platform/secrets/token.js';
import type { DeadSession, SessionFacts, Visitor } from './session.types.js';

/** How long a pre-session lives (ms): one sitting in front of a form. */
const PRE_SESSION_MS = 2 * 3_600_000;

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Sessions: opened, found, kept alive, ended. Postgres is asked every time; nothing is cached, so a revoked one is dead at once. */
@Injectable()
export class SessionService {
  private readonly loader: BatchLoader<string, SessionFacts>;
  private readonly touches: BatchLoader<string, never>;

  constructor(
    private readonly repository: SessionRepository,
    private readonly audit: Audit,
    private readonly events: DomainEvents,
    private readonly keys: KeyRing,
    private readonly config: SessionConfig,
    private readonly log: Log,
  ) {
    this.loader = new BatchLoader((hashes) => this.repository.findByTokenHashes(hashes));
    this.touches = new BatchLoader(async (ids) => {
      await this.touch(ids).catch((error: unknown) => this.log.warn({ event: 'session.touch_failed', err: error }));
      return new Map<string, never>();
    });
  }

  /** @returns undefined when no session that counts has this token */
  find(token: string): Promise<SessionFacts | undefined> {
    return isToken(token) ? this.loader.get(hashToken(token)) : Promise.resolve(undefined);
  }

  /** The CSRF token of a session: signed, not stored, bound to the session's own token and so new with it. */
  csrfTokenOf(session: SessionFacts): string {
    return this.keys.sign('csrf', session.tokenHash);
  }

  verifyCsrf(session: SessionFacts, csrfToken: unknown): boolean {
    return this.keys.verify('csrf', session.tokenHash, csrfToken);
  }

  /** A session that only carries a CSRF token, for somebody who is not signed in. */
  openPreSession(client: string): Promise<OpenedSession> {
    return this.audit.transaction((transaction) => this.insert(transaction, null, client, PRE_SESSION_MS));
  }

  /**
   * Signs a user in: a new session takes the place of the visitor's old one, whose token is refused from now on.
   * The caller publishes `replaced` after the commit (`announceReplaced`).
   */
  async open(
    transaction: Transaction,
    { id: userId, kind }: { id: string; kind: 'guest' | 'member' },
    { session: old, client }: Visitor,
  ): Promise<OpenedSession> {
    if (old) await this.repository.delete(transaction, old.id);
    const idleMs = kind === 'member' ? this.config.memberIdleMs : this.config.guestIdleMs;
    const opened = await this.insert(transaction, userId, client, idleMs);
    await this.audit.append(transaction, { event: 'session.open', actor: userId, target: shortHash(opened.session) });
    return opened;
  }

  /** Tells the socket of the session that a new one took the place of. */
  announceReplaced({ session: old }: Visitor): void {
    if (old?.userId) this.events.publish(new SessionRevoked([old.id], old.userId, 'signed_out'));
  }

  /** Keeps sessions alive; at most one write a minute and session. */
  async touch(sessionIds: string[]): Promise<void> {
    if (sessionIds.length > 0) await this.repository.touch(sessionIds);
  }

  /** Keeps the session of a request alive without making the request wait, and without a write when it was used just now. */
  touchSoon(session: SessionFacts): void {
    const { memberIdleMs, guestIdleMs } = this.config;
    const idleMs = session.kind === 'member' ? memberIdleMs : guestIdleMs;
    if (session.unusedMs < touchIntervalMs(idleMs)) return;
    // It rejects when too many wait: their next use is soon enough.
    this.touches.get(session.id).catch(() => undefined);
  }

  /** Which of these sessions no longer count, and what to tell their sockets. */
  async checkAlive(sessionIds: string[]): Promise<DeadSession[]> {
    return sessionIds.length === 0 ? [] : this.repository.findDead(sessionIds);
  }

  async list({ userId, sessionId }: Identity): Promise<SessionList> {
    const sessions = await this.repository.listOf(userId);
    return {
      sessions: sessions.map(({ id, createdAt, lastSeenAt, client }) => ({
        id,
        createdAt: createdAt.toISOString(),
        lastSeenAt: lastSeenAt.toISOString(),
        current: id === sessionId,
        client,
      })),
    };
  }

  /**
   * @returns SignedOut when it was the caller's current session
   * @throws NotFound for what is not a session of the caller
   */
  async end({ userId, sessionId: current }: Identity, sessionId: string): Promise<SignedOut | undefined> {
    const ended =
      UUID.test(sessionId) &&
      (await this.audit.transaction(async (transaction) => {
        if (!(await this.repository.deleteOwn(transaction, userId, sessionId))) return false;
        await this.audit.append(transaction, { event: 'session.end', target: sessionId.slice(0, 8) });
        return true;
      }));
    if (!ended) throw new NotFound();
    this.events.publish(new SessionRevoked([sessionId], userId, 'signed_out'));
    return sessionId === current ? new SignedOut(undefined) : undefined;
  }

  /** Ends every session of a user. The caller publishes the ids after the commit (`announceEnded`). */
  endAll(transaction: Transaction, userId: string): Promise<string[]> {
    return this.repository.deleteAllOf(transaction, userId);
  }

  announceEnded(sessionIds: string[], userId: string): void {
    if (sessionIds.length > 0) this.events.publish(new SessionRevoked(sessionIds, userId, 'signed_out'));
  }

  private async insert(
    transaction: Transaction,
    userId: string | null,
    client: string,
    idleMs: number,
  ): Promise<OpenedSession> {
    const token = newToken();
    const session = await this.repository.insert(transaction, {
      id: randomUUID(),
      tokenHash: hashToken(token),
      userId,
      client,
      idleMs,
    });
    return { session, token };
  }
}

/** ms between two writes that keep a session alive; `SessionRepository.touch` holds to the same. */
const touchIntervalMs = (idleMs: number): number => Math.min(60_000, idleMs / 10);

/** What logs and the audit may know of a session: the first 8 digits of its hash. */
const shortHash = ({ tokenHash }: SessionFacts): string => tokenHash.slice(0, 8);

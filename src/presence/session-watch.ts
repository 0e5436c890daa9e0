import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SessionService } from '../auth/session.service.js';
import { Log } from '../platform/logging/log.js';
import { PresenceService } from './presence.service.js';

/** ms between two looks: a session that ended anywhere, for any reason, loses its socket within this. */
const INTERVAL = 4_000;

/** Sessions in one query. */
const CHUNK = 2_000;

/** Ends the sockets of sessions that count no more: the expired, and those whose revocation never reached this process. */
@Injectable()
export class SessionWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private looking = false;

  constructor(
    private readonly presence: PresenceService,
    private readonly sessions: SessionService,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.look(), INTERVAL);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Everybody who is connected here; skipped while one runs. */
  async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      await this.lookAtAll();
    } catch (error) {
      this.log.warn({ event: 'session_watch.failed', err: error });
    } finally {
      this.looking = false;
    }
  }

  private async lookAtAll(): Promise<void> {
    const identities = this.presence.localConnections().map((connection) => connection.data.identity);
    for (let i = 0; i < identities.length; i += CHUNK) {
      const userOf = new Map(identities.slice(i, i + CHUNK).map(({ sessionId, userId }) => [sessionId, userId]));
      for (const { sessionId, reason } of await this.sessions.checkAlive([...userOf.keys()]))
        this.presence.revoke(userOf.get(sessionId) ?? '', reason, sessionId);
    }
  }
}

import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import { RedisEpoch } from '../platform/redis/redis-epoch.js';
import { ConnectionRegistry } from './connection-registry.js';
import { HEARTBEAT_MS } from './presence.keys.js';
import { PresenceService } from './presence.service.js';

/** Renewals under way at once: a herd must not fill Redis' queue. */
const MAX_PARALLEL = 200;

/** ms until a round, after Redis refused one or a newcomer: who was superseded while it was away learns of it by a round alone. */
const RETRY_MS = 1_000;

/** Keeps the leases of all connections that end here, and puts them back after Redis was emptied. */
@Injectable()
export class PresenceHeartbeat implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private retry?: NodeJS.Timeout;
  private beating?: Promise<void>;

  constructor(
    private readonly presence: PresenceService,
    private readonly registry: ConnectionRegistry,
    private readonly log: Log,
    epoch: RedisEpoch,
    metrics: Metrics,
  ) {
    epoch.onChange('presence', () => this.beatAnew());
    presence.onUnsettled(() => this.beatSoon());
    metrics.gauge('stoa_presence_connections', 'Live connections that end in this process', () => registry.size);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.beat(), HEARTBEAT_MS);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    clearTimeout(this.retry);
  }

  /** One round over all connections; a second call joins the round that runs. */
  beat(): Promise<void> {
    this.beating ??= this.renewAll().finally(() => delete this.beating);
    return this.beating;
  }

  /** A round that began now or later: what one that runs has put back already, Redis may have lost since. */
  private async beatAnew(): Promise<void> {
    await this.beating;
    await this.beat();
  }

  private beatSoon(): void {
    this.retry ??= setTimeout(() => {
      delete this.retry;
      void this.beat();
    }, RETRY_MS).unref();
  }

  private async renewAll(): Promise<void> {
    const connections = this.registry.all();
    for (let i = 0; i < connections.length; i += MAX_PARALLEL) {
      // Whoever went since the round began must not be put back.
      const here = connections.slice(i, i + MAX_PARALLEL).filter((connection) => this.registry.has(connection));
      const round = here.map((connection) => this.presence.renew(connection));
      const failed = (await Promise.allSettled(round)).filter((outcome) => outcome.status === 'rejected');
      if (failed.length === 0) continue;
      this.log.debug({ event: 'presence.renewal_failed', count: failed.length });
      this.beatSoon();
      // Redis is away. Where only some failed, a part of it is, and the leases of the others must not run out behind them.
      if (failed.length === round.length) return;
    }
  }
}

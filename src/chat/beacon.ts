import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SessionService } from '../auth/session.service.js';
import type { Identity } from '../platform/identity/identity.types.js';
import { Log } from '../platform/logging/log.js';
import { RedisEpoch } from '../platform/redis/redis-epoch.js';
import { PresenceService } from '../presence/presence.service.js';
import { GapFinder } from './gap-finder.js';
import { GapHealer } from './gap-healer.js';

/**
 * ms between two looks; `hurried` while Redis is away and hints are lost. With `SETTLE` and the queries, what a lost hint did not
 * say comes within 5 s.
 */
const INTERVAL = { usual: 4_000, hurried: 1_000 };

/** What is on its way to a client looks like a gap: only what is still missing after this (ms) is one. */
const SETTLE = 300;

/** ms since the last sign of life for which a conversation counts as going on: two looks. */
const ACTIVE_WITHIN = 2 * INTERVAL.usual;

/** Users in one query. */
const CHUNK = 2_000;

/**
 * Compares, again and again, what Postgres says with what the clients of this process were told, and pushes what is missing.
 * Every other way to a client is a hint; this is why a lost hint costs a moment and never a message.
 */
@Injectable()
export class Beacon implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer?: NodeJS.Timeout;
  private lastLook = performance.now();
  /** Since when everybody is known to have been looked at. */
  private lastWhole = performance.now();
  private looking?: Promise<void>;

  constructor(
    private readonly presence: PresenceService,
    private readonly finder: GapFinder,
    private readonly healer: GapHealer,
    private readonly sessions: SessionService,
    private readonly epoch: RedisEpoch,
    private readonly log: Log,
  ) {}

  /** Since the beginning of the last look at all who are connected here (ms). What a look could not see makes it older. */
  get ageMs(): number {
    return performance.now() - this.lastWhole;
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.lookWhenDue(), INTERVAL.hurried);
    this.timer.unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** One look at everybody who is connected here; a second call joins the look that runs. */
  look(): Promise<void> {
    this.looking ??= this.lookOnce().finally(() => delete this.looking);
    return this.looking;
  }

  /** The next is due 4 s after this one began, or as soon as it is over. */
  private async lookOnce(): Promise<void> {
    const begunAt = (this.lastLook = performance.now());
    if (await this.lookAtAll()) this.lastWhole = begunAt;
  }

  /**
   * What fails must not keep anybody else from what they lack: the next look is 4 s away, and may fail at the same.
   * @returns whether nothing of it failed; `work` answers false where it insisted itself, in vain
   */
  private async insist(work: () => Promise<boolean | void>): Promise<boolean> {
    try {
      return (await work()) !== false;
    } catch (error) {
      this.log.warn({ event: 'beacon.failed', err: error });
      return false;
    }
  }

  private lookWhenDue(): void {
    const interval = this.epoch.isHealthy ? INTERVAL.usual : INTERVAL.hurried;
    // Half a step early counts: the timer itself is a little late.
    if (!this.looking && performance.now() - this.lastLook >= interval - INTERVAL.hurried / 2) void this.look();
  }

  /** @returns whether everybody could be looked at and given what they lack */
  private async lookAtAll(): Promise<boolean> {
    // Who is being received gets the whole state in a moment: what they lack is no gap.
    const connections = this.presence.localConnections().filter(({ data }) => !data.held);
    let isWhole = true;
    for (let i = 0; i < connections.length; i += CHUNK) {
      const chunk = connections.slice(i, i + CHUNK).map((connection) => connection.data.identity);
      const done = await this.insist(() => this.lookAt(chunk));
      isWhole &&= done;
    }
    return isWhole;
  }

  /** @returns whether they were given what they lack */
  private async lookAt(chunk: Identity[]): Promise<boolean> {
    const users = chunk.map(({ userId }) => userId);
    const { incomplete, active } = await this.finder.find(users, ACTIVE_WITHIN);
    const isHealed = await this.insist(() => this.heal(incomplete.map(({ userId }) => userId)));
    // Who talks stays signed in: a sign of life of either keeps both.
    const talking = chunk.filter(({ userId }) => active.has(userId));
    await this.sessions.touch(talking.map(({ sessionId }) => sessionId));
    return isHealed;
  }

  private async heal(suspects: string[]): Promise<void> {
    if (suspects.length === 0) return;
    await sleep(SETTLE);
    const here = suspects.filter((userId) => this.presence.isLocal(userId));
    await this.healer.heal((await this.finder.find(here, ACTIVE_WITHIN)).incomplete);
  }
}

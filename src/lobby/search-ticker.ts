import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SearchService } from '../matching/search.service.js';
import type { EndOfSearch } from '../matching/search.types.js';
import { Log } from '../platform/logging/log.js';
import { PresenceService } from '../presence/presence.service.js';

/** ms between two rounds of `search:status`; the contract promises one at least every 5 s. */
const TICK = 3_000;

/** What people are told while Redis is away. */
const SEARCH_DEGRADED = { code: 'SEARCH_DEGRADED', message: 'Searching pauses for a moment.' };

/** Tells those who search on this process how it goes. */
@Injectable()
export class SearchTicker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly watched = new Set<string>();
  private timer?: NodeJS.Timeout;
  private degraded = false;

  constructor(
    private readonly searches: SearchService,
    private readonly presence: PresenceService,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.tick(), TICK);
    this.timer.unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Sends one status now and then one every few seconds, until the search is over or its owner is not here. */
  watch(userId: string): void {
    this.watched.add(userId);
    setImmediate(() => void this.tell([userId]));
  }

  /** The user's connection is over: by their own goodbye, or because it broke. Redis may be away: the search then ends by the lease it has. */
  async leave(userId: string, leaseMs: number, why: EndOfSearch): Promise<void> {
    try {
      await this.searches.leave(userId, leaseMs, why);
    } catch (error) {
      this.log.debug({ event: 'search.leave_failed', err: error });
    }
  }

  /** Sets how long the user's search lives without another sign. Redis may be away: it then lives or ends by the lease it has. */
  async keep(userId: string, leaseMs: number): Promise<void> {
    try {
      await this.searches.keep(userId, leaseMs);
    } catch (error) {
      this.log.debug({ event: 'search.keep_failed', err: error });
    }
  }

  /** Tells a person that nobody can be searched for at the moment. */
  noticeDegraded(userId: string): void {
    this.presence.emit(userId, 'server:notice', SEARCH_DEGRADED);
  }

  private async tick(): Promise<void> {
    for (const userId of this.watched) if (!this.presence.isLocal(userId)) this.watched.delete(userId);
    await this.refresh();
    await this.tell([...this.watched]);
  }

  /** Keeps the leases of the searches that are watched here; what Redis forgot is put back with its place. */
  private async refresh(): Promise<void> {
    try {
      await this.searches.refresh([...this.watched]);
    } catch (error) {
      this.log.debug({ event: 'search.refresh_failed', err: error });
    }
  }

  private async tell(userIds: string[]): Promise<void> {
    if (userIds.length === 0) return;
    try {
      const statuses = await this.searches.statusesOf(userIds);
      this.degraded = false;
      for (const userId of userIds) {
        const search = statuses.get(userId);
        // Redis may have forgotten it for a moment: it is watched for as long as it would be put back.
        const isKept = this.searches.keeps(userId);
        if (!search && !isKept) this.watched.delete(userId);
        // It may have ended while Redis was asked, which its owner has been told.
        if (!search || !isKept) continue;
        const { since: _, ...status } = search;
        this.presence.emit(userId, 'search:status', status);
      }
    } catch (error) {
      this.standStill(userIds, error);
    }
  }

  /** Redis is away: the searches stand still, and their owners are told once. */
  private standStill(userIds: string[], error: unknown): void {
    if (this.degraded) return;
    this.degraded = true;
    this.log.warn({ event: 'search.status_unavailable', err: error });
    for (const userId of userIds) this.noticeDegraded(userId);
  }
}

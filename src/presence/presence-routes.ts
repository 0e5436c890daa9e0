import { Inject, Injectable } from '@nestjs/common';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { REDIS } from '../platform/redis/redis.tokens.js';
import type { RedisClient } from '../platform/redis/redis-connection.js';
import { connectionKey } from './presence.keys.js';

/** How long a route may be remembered (ms): a stale one costs a hint, which the beacon heals, never a message. */
const ROUTE_TTL = 2_000;
const MAX_ROUTES = 50_000;
/** Hints that may wait for an answer which another one asked for; one more is told that nobody is there. */
const MAX_BEHIND = 20_000;

/** Which process holds a user's connection, asked in pipelines and remembered for a moment. */
@Injectable()
export class PresenceRoutes {
  private readonly known = new Map<string, { process: string; until: number }>();
  private readonly asked = new Map<string, Promise<string | undefined>>();
  private behind = 0;
  private readonly loader = new BatchLoader<string, string>((users) => this.load(users));

  constructor(@Inject(REDIS) private readonly redis: RedisClient) {}

  /**
   * Answers at once where it is remembered. While one hint to a user waits for the answer, the later ones wait with it: whoever
   * continues directly on what is returned does so in the order of asking. @returns undefined when nobody holds it, or Redis is away
   */
  processOf(userId: string): string | undefined | Promise<string | undefined> {
    const asked = this.asked.get(userId);
    if (asked) return this.waitBehind(asked);
    const route = this.known.get(userId);
    return route && route.until > performance.now() ? route.process : this.ask(userId);
  }

  private ask(userId: string): Promise<string | undefined> {
    const asked = this.loader.get(userId).catch(() => undefined);
    this.asked.set(userId, asked);
    // First to hear of it, and those who wait come right after: what asks from then on comes after them.
    void asked.then((process) => {
      this.asked.delete(userId);
      this.remember(userId, process);
    });
    return asked;
  }

  private waitBehind(asked: Promise<string | undefined>): Promise<string | undefined> | undefined {
    if (this.behind >= MAX_BEHIND) return undefined;
    this.behind += 1;
    void asked.then(() => (this.behind -= 1));
    return asked;
  }

  /** @throws when Redis is away */
  async livePresence(userIds: string[]): Promise<Map<string, boolean>> {
    const found = await this.load(userIds);
    return new Map(userIds.map((id) => [id, found.has(id)]));
  }

  private remember(userId: string, process: string | undefined): void {
    this.known.delete(userId);
    if (!process) return;
    this.known.set(userId, { process, until: performance.now() + ROUTE_TTL });
    // Insertion order is age order: the oldest goes first.
    const [oldest] = this.known.size > MAX_ROUTES ? this.known.keys() : [];
    if (oldest !== undefined) this.known.delete(oldest);
  }

  private async load(userIds: string[]): Promise<Map<string, string>> {
    // One command each, sent together: a cluster has no pipeline over several nodes, ioredis groups the writes.
    const processes = await Promise.all(userIds.map((id) => this.redis.hget(connectionKey(id), 'process')));
    return new Map(userIds.flatMap((id, i) => (processes[i] ? [[id, processes[i]]] : [])));
  }
}

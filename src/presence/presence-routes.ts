import { Injectable } from '@nestjs/common';
import { BatchLoader } from '../platform/postgres/batch-loader.js';
import { ConnectionHolds } from './connection-holds.js';

/** How long a route may be remembered (ms): a stale one costs a hint a detour, or the hint, which the beacon heals; never a message. */
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
  private readonly loader = new BatchLoader<string, string>((users) => this.holds.processesOf(users));

  constructor(private readonly holds: ConnectionHolds) {}

  /**
   * Answers at once where it is remembered. While one hint to a user waits for the answer, the later ones wait with it: whoever
   * continues directly on what is returned does so in the order of asking. A promise of undefined:
   * nobody holds it, or Redis is away. Undefined: too much waits.
   */
  processOf(userId: string): string | undefined | Promise<string | undefined> {
    const route = this.asked.has(userId) ? undefined : this.known.get(userId);
    return route && route.until > performance.now() ? route.process : this.processNow(userId);
  }

  /** The same, whatever is remembered. */
  processNow(userId: string): Promise<string | undefined> | undefined {
    const asked = this.asked.get(userId);
    return asked ? this.waitBehind(asked) : this.ask(userId);
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

  private remember(userId: string, process: string | undefined): void {
    this.known.delete(userId);
    if (!process) return;
    this.known.set(userId, { process, until: performance.now() + ROUTE_TTL });
    // Insertion order is age order: the oldest goes first.
    const [oldest] = this.known.size > MAX_ROUTES ? this.known.keys() : [];
    if (oldest !== undefined) this.known.delete(oldest);
  }
}

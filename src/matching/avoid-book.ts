import type { Avoidance } from '../safety/avoidance.types.js';
import { hasPassed } from './has-passed.js';

/** How long a pair that a claim refused is not proposed again (ms): the truth may have changed by then. */
export const REFUSAL_REMEMBERED_MS = 60_000;

/**
 * Who of the waiting must not meet whom, in the runner's memory. It saves refused claims and decides nothing:
 * the claim and the opening transaction look again.
 */
export class AvoidBook {
  /** user -> other -> until (ms; Infinity for a block): what the shard knows. */
  private readonly byUser = new Map<string, Map<string, number>>();
  /** user -> other -> since (ms), both ways: what a claim found though the shard knows nothing of it. In the order of each user's last one. */
  private readonly refusals = new Map<string, Map<string, number>>();

  constructor(private readonly nowMs: () => number) {}

  readonly avoids = (userId: string, otherId: string): boolean =>
    (this.byUser.get(userId)?.get(otherId) ?? 0) > this.nowMs() || this.isRefused(userId, otherId);

  /** All that the shard knows of the user from now on; also that a block was taken back. What was refused stays so. */
  learn(userId: string, { blocked, recent }: Avoidance): void {
    this.byUser.set(
      userId,
      new Map([
        ...blocked.map((other) => [other, Infinity] as const),
        ...recent.map(({ userId: other, untilMs }) => [other, untilMs] as const),
      ]),
    );
  }

  /** The two must not meet while both search, for a while: a claim found so. They may be out of the pool at this moment. */
  refuse(userId: string, otherId: string): void {
    this.forgetOldRefusals();
    for (const [own, other] of [
      [userId, otherId],
      [otherId, userId],
    ] as const) {
      const others = this.refusals.get(own) ?? new Map<string, number>();
      this.refusals.delete(own);
      this.refusals.set(own, others.set(other, this.nowMs()));
    }
  }

  /** The user is out of the pool; their search may come back. */
  forget(userId: string): void {
    this.byUser.delete(userId);
  }

  /** The user's search is over. */
  forgetRefusals(userId: string): void {
    for (const other of this.refusals.get(userId)?.keys() ?? []) this.refusals.get(other)?.delete(userId);
    this.refusals.delete(userId);
  }

  clear(): void {
    this.byUser.clear();
    this.refusals.clear();
  }

  private isRefused(userId: string, otherId: string): boolean {
    const sinceMs = this.refusals.get(userId)?.get(otherId);
    return sinceMs !== undefined && !hasPassed(REFUSAL_REMEMBERED_MS, sinceMs, this.nowMs());
  }

  /** Of searches whose end nobody told. */
  private forgetOldRefusals(): void {
    for (const [userId, others] of this.refusals) {
      const newestMs = Math.max(...others.values());
      if (!hasPassed(REFUSAL_REMEMBERED_MS, newestMs, this.nowMs())) break;
      this.refusals.delete(userId);
    }
  }
}

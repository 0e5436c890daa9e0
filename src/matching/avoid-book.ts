import type { Avoidance } from '../safety/avoidance.types.js';

/**
 * Who of the waiting must not meet whom, in the runner's memory. It saves refused claims and decides nothing:
 * the claim and the opening transaction look again.
 */
export class AvoidBook {
  /** user -> other -> until (ms; Infinity for a block) */
  private readonly byUser = new Map<string, Map<string, number>>();

  constructor(private readonly nowMs: () => number) {}

  readonly avoids = (userId: string, otherId: string): boolean =>
    (this.byUser.get(userId)?.get(otherId) ?? 0) > this.nowMs();

  /** All that is known of the user from now on; also that a block was taken back. */
  learn(userId: string, { blocked, recent }: Avoidance): void {
    this.byUser.delete(userId);
    for (const other of blocked) this.put(userId, other, Infinity);
    for (const { userId: other, untilMs } of recent) this.put(userId, other, untilMs);
  }

  put(userId: string, otherId: string, untilMs: number): void {
    const others = this.byUser.get(userId) ?? new Map<string, number>();
    this.byUser.set(userId, others.set(otherId, untilMs));
  }

  /** The user does not wait here any more. */
  forget(userId: string): void {
    this.byUser.delete(userId);
  }

  clear(): void {
    this.byUser.clear();
  }
}

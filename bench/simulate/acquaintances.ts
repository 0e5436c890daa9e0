import type { Random } from './random.js';

/** Who must not meet whom: the last partners of each person, and blocks. */
export class Acquaintances {
  private readonly recents = new Map<string, string[]>();
  private readonly blocked = new Map<string, Set<string>>();

  constructor(
    private readonly remembered: number,
    private readonly blockShare: number,
    private readonly random: Random,
  ) {}

  readonly avoids = (userId: string, otherId: string): boolean =>
    this.recents.get(userId)?.includes(otherId) === true || this.blocked.get(userId)?.has(otherId) === true;

  met(a: string, b: string): void {
    this.remember(a, b);
    this.remember(b, a);
    if (!this.random.chance(this.blockShare)) return;
    const blocks = this.blocked.get(a) ?? new Set();
    this.blocked.set(a, blocks.add(b));
  }

  private remember(userId: string, otherId: string): void {
    const recents = this.recents.get(userId) ?? [];
    recents.push(otherId);
    if (recents.length > this.remembered) recents.shift();
    this.recents.set(userId, recents);
  }
}

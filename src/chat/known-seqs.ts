/** Seqs beyond a hole that are remembered; a client that is further behind than this syncs. */
const MAX_AHEAD = 500;

/** Which messages of a conversation a client has: all up to `top`, and some beyond a hole. */
export class KnownSeqs {
  private readonly ahead = new Set<number>();

  constructor(private highest = 0) {}

  /** Everything up to and including this one is known. */
  get top(): number {
    return this.highest;
  }

  has(seq: number): boolean {
    return seq <= this.highest || this.ahead.has(seq);
  }

  add(seq: number): void {
    if (this.has(seq) || this.ahead.size >= MAX_AHEAD) return;
    this.ahead.add(seq);
    this.close();
  }

  /** The client says, or was told, everything up to `seq`. */
  addUpTo(seq: number): void {
    if (seq <= this.highest) return;
    this.highest = seq;
    for (const known of this.ahead) if (known <= seq) this.ahead.delete(known);
    this.close();
  }

  private close(): void {
    while (this.ahead.delete(this.highest + 1)) this.highest += 1;
  }
}

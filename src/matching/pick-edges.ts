/** Rounds after which what is left is sorted: only a long chain of ever better edges needs more. */
const MOST_ROUNDS = 16;

/** The ends of edges as numbers from 0 on, so that what is worked out by end costs as much as there are ends, not slots. */
export interface NumberedEnds {
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** How many ends there are. */
  readonly size: number;
}

/** Possible pairs of slots, each with what it is worth and how it ranks. Emptied and filled anew in each pick. */
export class PickEdges {
  length = 0;
  a = new Int32Array(256);
  b = new Int32Array(256);
  scores = new Float64Array(256);
  priorities = new Float64Array(256);
  /** By slot: the best edge found for it in this round; or its number. */
  private best = new Int32Array(64);
  private taken = new Uint8Array(64);

  clear(slots: number): void {
    this.length = 0;
    if (slots <= this.best.length) return;
    this.best = new Int32Array(2 * slots);
    this.taken = new Uint8Array(2 * slots);
  }

  add(a: number, b: number, score: number, priority: number): void {
    if (this.length === this.a.length) this.grow();
    const at = this.length++;
    this.a[at] = a;
    this.b[at] = b;
    this.scores[at] = score;
    this.priorities[at] = priority;
  }

  /** In the order of the edges. */
  numbered(): NumberedEnds {
    const { best, length } = this;
    const [a, b] = [this.a.slice(0, length), this.b.slice(0, length)];
    for (const ends of [a, b]) for (const slot of ends) best[slot] = -1;
    let size = 0;
    const numberOf = (slot: number): number => (best[slot] === -1 ? (best[slot] = size++) : best[slot]!);
    for (let edge = 0; edge < length; edge++) [a[edge], b[edge]] = [numberOf(a[edge]!), numberOf(b[edge]!)];
    return { a, b, size };
  }

  /**
   * The edges that a greedy choice by priority takes, best first; no slot twice. An edge that is the best of both its ends is one of them,
   * so that they are found round by round without sorting all.
   */
  greedy(): number[] {
    const chosen: number[] = [];
    let open = Uint32Array.from({ length: this.length }, (_, at) => at);
    for (let round = 0; open.length > 0 && round < MOST_ROUNDS; round++) open = this.round(open, chosen);
    for (const edge of open.toSorted((x, y) => this.compare(x, y))) this.choose(edge, chosen);
    for (const edge of chosen) this.taken[this.a[edge]!] = this.taken[this.b[edge]!] = 0;
    return this.bestFirst(chosen);
  }

  bestFirst(chosen: number[]): number[] {
    return chosen.sort((x, y) => this.compare(x, y));
  }

  /** Chooses the edges that are the best of both ends; answers those whose ends are free after that. */
  private round(open: Uint32Array, chosen: number[]): Uint32Array<ArrayBuffer> {
    const { a, b, best, taken } = this;
    for (const edge of open) best[a[edge]!] = best[b[edge]!] = -1;
    for (const edge of open) {
      this.offer(a[edge]!, edge);
      this.offer(b[edge]!, edge);
    }
    for (const edge of open) if (best[a[edge]!] === edge && best[b[edge]!] === edge) this.choose(edge, chosen);
    return Uint32Array.from(open.filter((edge) => !taken[a[edge]!] && !taken[b[edge]!]));
  }

  private offer(slot: number, edge: number): void {
    const before = this.best[slot]!;
    if (before === -1 || this.compare(edge, before) < 0) this.best[slot] = edge;
  }

  private choose(edge: number, chosen: number[]): void {
    const [a, b] = [this.a[edge]!, this.b[edge]!];
    if (this.taken[a] || this.taken[b]) return;
    this.taken[a] = this.taken[b] = 1;
    chosen.push(edge);
  }

  /** Below 0 when x goes first. Total: equal pairs go by slot, so that the outcome does not depend on the order of entry. */
  private compare(x: number, y: number): number {
    return this.priorities[y]! - this.priorities[x]! || this.a[x]! - this.a[y]! || this.b[x]! - this.b[y]!;
  }

  private grow(): void {
    const size = 2 * this.a.length;
    const [a, b] = [new Int32Array(size), new Int32Array(size)];
    const [scores, priorities] = [new Float64Array(size), new Float64Array(size)];
    a.set(this.a);
    b.set(this.b);
    scores.set(this.scores);
    priorities.set(this.priorities);
    Object.assign(this, { a, b, scores, priorities });
  }
}

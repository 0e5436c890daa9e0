/** The edges of a graph, by node: node `i` has `partners[starts[i] .. starts[i + 1]]`. Each edge is listed at both its ends. */
export interface SparseGraph {
  readonly size: number;
  readonly starts: Int32Array;
  readonly partners: Int32Array;
  readonly gains: Float64Array;
}

/** A growing list of edges. */
export class EdgeList {
  count = 0;
  private from = new Int32Array(1_024);
  private to = new Int32Array(1_024);
  private gains = new Float64Array(1_024);

  add(from: number, to: number, gain: number): void {
    if (this.count === this.from.length) this.grow();
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.gains[this.count++] = gain;
  }

  toGraph(size: number): SparseGraph {
    const starts = new Int32Array(size + 1);
    for (let edge = 0; edge < this.count; edge++) {
      starts[this.from[edge]! + 1]!++;
      starts[this.to[edge]! + 1]!++;
    }
    for (let node = 0; node < size; node++) starts[node + 1]! += starts[node]!;
    const next = starts.slice();
    const partners = new Int32Array(2 * this.count);
    const gains = new Float64Array(2 * this.count);
    for (let edge = 0; edge < this.count; edge++) {
      for (const [own, other] of [
        [this.from[edge]!, this.to[edge]!],
        [this.to[edge]!, this.from[edge]!],
      ] as const) {
        partners[next[own]!] = other;
        gains[next[own]!++] = this.gains[edge]!;
      }
    }
    return { size, starts, partners, gains };
  }

  private grow(): void {
    const size = this.from.length * 2;
    const [from, to, gains] = [new Int32Array(size), new Int32Array(size), new Float64Array(size)];
    from.set(this.from);
    to.set(this.to);
    gains.set(this.gains);
    [this.from, this.to, this.gains] = [from, to, gains];
  }
}

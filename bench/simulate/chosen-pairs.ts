import type { OfflineGraph } from './offline-graph.js';
import { EdgeList } from '../../src/matching/sparse-graph.js';

/** The pairs of an offline graph that an auction is shown: few of millions. */
export class ChosenPairs {
  readonly edges = new EdgeList();

  /**
   * The `most` best partners of each search. Best by the score less the wait until they meet: what a pair saves because its members
   * would have waited long in vain is the same whomever they meet, and would bring everybody together with the same few patient ones.
   */
  constructor(
    private readonly graph: OfflineGraph,
    most: number,
  ) {
    const best = new BestOf(graph.size, most);
    graph.eachPair((i, j, gain) => {
      const worth = gain - graph.patienceCost(i) - graph.patienceCost(j);
      best.offer(i, j, worth);
      best.offer(j, i, worth);
    });
    best.each((i, j, worth) => {
      if (i < j || !best.has(j, i)) this.edges.add(i, j, worth + graph.patienceCost(i) + graph.patienceCost(j));
    });
  }

  /**
   * Adds each pair that gains more than the duals of both, if it is among the worst of one of them.
   * @returns what must be added to the duals, in all, so that they cover every pair
   */
  cover(duals: Float64Array, most: number): number {
    const lacking = new Float64Array(duals.length);
    const worst = new BestOf(duals.length, most);
    this.graph.eachPair((i, j, gain) => {
      const lack = gain - duals[i]! - duals[j]!;
      if (lack <= 1e-9) return;
      lacking[i] = Math.max(lacking[i]!, lack);
      worst.offer(i, j, lack);
    });
    worst.each((i, j, lack) => this.edges.add(i, j, lack + duals[i]! + duals[j]!));
    return lacking.reduce((sum, lack) => sum + lack, 0);
  }
}

/** For each node the few partners with the highest values, in no order. */
class BestOf {
  private readonly counts: Int32Array;
  private readonly partners: Int32Array;
  private readonly values: Float64Array;
  /** The lowest value of a full list. */
  private readonly bars: Float64Array;

  constructor(
    private readonly size: number,
    private readonly most: number,
  ) {
    this.counts = new Int32Array(size);
    this.partners = new Int32Array(size * most);
    this.values = new Float64Array(size * most);
    this.bars = new Float64Array(size).fill(-Infinity);
  }

  offer(own: number, partner: number, value: number): void {
    if (value <= this.bars[own]!) return;
    const start = own * this.most;
    const at = this.counts[own]! < this.most ? start + this.counts[own]!++ : this.lowest(own);
    this.partners[at] = partner;
    this.values[at] = value;
    if (this.counts[own] === this.most) this.bars[own] = this.values[this.lowest(own)]!;
  }

  has(own: number, partner: number): boolean {
    const start = own * this.most;
    for (let at = start; at < start + this.counts[own]!; at++) if (this.partners[at] === partner) return true;
    return false;
  }

  each(visit: (own: number, partner: number, value: number) => void): void {
    for (let own = 0; own < this.size; own++) {
      const start = own * this.most;
      for (let at = start; at < start + this.counts[own]!; at++) visit(own, this.partners[at]!, this.values[at]!);
    }
  }

  private lowest(own: number): number {
    const start = own * this.most;
    let lowest = start;
    for (let at = start + 1; at < start + this.counts[own]!; at++)
      if (this.values[at]! < this.values[lowest]!) lowest = at;
    return lowest;
  }
}

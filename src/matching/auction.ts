import type { SparseGraph } from './sparse-graph.js';

export interface AuctionOptions {
  /** The least that a bid raises a price. */
  readonly step: number;
  /** By node; absent: 0. */
  readonly startPrices?: Float64Array;
  /** Edges looked at before it ends, whoever has still to bid; absent: until nobody has. */
  readonly mostVisits?: number;
}

/** What an auction leaves: node `i` took `taken[i]` (-1: nobody), nobody is taken twice; to be taken costs `prices[i]`. */
export interface Auction {
  readonly taken: Int32Array<ArrayBuffer>;
  readonly prices: Float64Array<ArrayBuffer>;
  /** Edges looked at. */
  readonly visits: number;
  /** How many had still to bid when the bound was reached. */
  readonly unsettled: number;
}

/**
 * Bertsekas' auction on the graph whose every node is a bidder and, apart from that, a prize: each bidder raises the price of the prize that
 * leaves it most until the next best leaves it as much. Half of the sum of `prices` and profits bounds what any matching gains, because
 * `profits[i] + prices[j] >= gain(i, j)` for every edge. From prices of 0 it ends within `step / 2` per node of the least such bound; from
 * near the right prices it ends sooner, and as near but for the prices of prizes that nobody takes. It ends: no price exceeds the highest
 * gain by more than `step`.
 */
export function auction(graph: SparseGraph, { step, startPrices, mostVisits = Infinity }: AuctionOptions): Auction {
  const { size, starts, partners, gains } = graph;
  const prices = startPrices ? Float64Array.from(startPrices) : new Float64Array(size);
  const taken = new Int32Array(size).fill(-1);
  const takenBy = new Int32Array(size).fill(-1);
  const bidders = Int32Array.from({ length: size }, (_, at) => size - 1 - at);
  let unsettled = size;
  let visits = 0;
  while (unsettled > 0) {
    const own = bidders[unsettled - 1]!;
    const [from, to] = [starts[own]!, starts[own + 1]!];
    if (visits + to - from > mostVisits) break;
    visits += to - from;
    unsettled--;
    let [best, next, at] = [0, 0, -1];
    for (let edge = from; edge < to; edge++) {
      const profit = gains[edge]! - prices[partners[edge]!]!;
      if (profit > best) {
        next = best;
        best = profit;
        at = partners[edge]!;
      } else if (profit > next) next = profit;
    }
    if (at < 0) continue;
    const before = takenBy[at]!;
    if (before >= 0) {
      taken[before] = -1;
      bidders[unsettled++] = before;
    }
    takenBy[at] = own;
    taken[own] = at;
    prices[at]! += best - next + step;
  }
  return { taken, prices, visits, unsettled };
}

/** By node: the most that any partner leaves it at these prices, or 0. */
export function profitsAt({ size, starts, partners, gains }: SparseGraph, prices: Float64Array): Float64Array {
  return Float64Array.from({ length: size }, (_, own) => {
    let best = 0;
    for (let edge = starts[own]!; edge < starts[own + 1]!; edge++)
      best = Math.max(best, gains[edge]! - prices[partners[edge]!]!);
    return best;
  });
}

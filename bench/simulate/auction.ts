import type { SparseGraph } from './sparse-graph.js';

/** What an auction leaves: node `i` took `taken[i]` (-1: nobody) and keeps `profits[i]`; to be taken costs `prices[i]`. */
export interface Auction {
  readonly taken: Int32Array<ArrayBuffer>;
  readonly prices: Float64Array<ArrayBuffer>;
  readonly profits: Float64Array<ArrayBuffer>;
}

/**
 * Bertsekas' auction on the graph whose every node is a bidder and, apart from that, a prize: each bidder raises the price of the prize that
 * leaves it most until the next best leaves it as much. Half of the sum of `prices` and `profits` bounds what any matching gains, because
 * `profits[i] + prices[j] >= gain(i, j)` for every edge. From prices of 0 it ends within `step / 2` per node of the least such bound; from
 * near the right prices it ends sooner, and as near but for the prices of prizes that nobody takes.
 */
export function auction(
  { size, starts, partners, gains }: SparseGraph,
  step: number,
  startPrices: Float64Array,
): Auction {
  const prices = Float64Array.from(startPrices);
  const taken = new Int32Array(size).fill(-1);
  const takenBy = new Int32Array(size).fill(-1);
  const bidders = Array.from({ length: size }, (_, at) => size - 1 - at);
  for (let own = bidders.pop(); own !== undefined; own = bidders.pop()) {
    let [best, next, at] = [0, 0, -1];
    for (let edge = starts[own]!; edge < starts[own + 1]!; edge++) {
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
      bidders.push(before);
    }
    takenBy[at] = own;
    taken[own] = at;
    prices[at]! += best - next + step;
  }
  return { taken, prices, profits: profitsAt({ size, starts, partners, gains }, prices) };
}

function profitsAt({ size, starts, partners, gains }: SparseGraph, prices: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: size }, (_, own) => {
    let best = 0;
    for (let edge = starts[own]!; edge < starts[own + 1]!; edge++)
      best = Math.max(best, gains[edge]! - prices[partners[edge]!]!);
    return best;
  });
}

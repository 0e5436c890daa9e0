import type { WaitingPool } from './waiting-pool.js';
import { roomFor } from './slot-room.js';

/** No search has this serial. */
const NOBODY = -1;

/**
 * For each slot of a pool the best partners seen, best first: at most `width`. An entry dies with its search (its serial no longer fits).
 * A list that had to leave someone out is `truncated`: when it runs empty, its owner looks at the whole pool again.
 */
export class CandidateBook {
  partners: Int32Array;
  partnerSerials: Int32Array;
  ranks: Float64Array;
  scores: Float64Array;
  counts: Uint8Array;
  truncated: Uint8Array;
  /** By slot: the rank that a newcomer to its list must exceed. */
  bars: Float64Array;
  /** By slot: the serial of the search that has looked for partners; another serial there means it still has to. */
  lookedAs: Int32Array;
  /** Slots with somebody in their list, in no order. */
  readonly listed: number[] = [];
  private isListed: Uint8Array;

  constructor(
    readonly width: number,
    slots = 64,
  ) {
    this.partners = new Int32Array(slots * width);
    this.partnerSerials = new Int32Array(slots * width);
    this.ranks = new Float64Array(slots * width);
    this.scores = new Float64Array(slots * width);
    this.counts = new Uint8Array(slots);
    this.truncated = new Uint8Array(slots);
    this.bars = new Float64Array(slots).fill(-Infinity);
    this.lookedAs = new Int32Array(slots).fill(-1);
    this.isListed = new Uint8Array(slots);
  }

  /** Makes room for the slots of a pool that has grown. */
  fit(slots: number): void {
    if (slots <= this.counts.length) return;
    const next = new CandidateBook(this.width, roomFor(slots));
    for (const column of [
      'partners',
      'partnerSerials',
      'ranks',
      'scores',
      'counts',
      'truncated',
      'bars',
      'lookedAs',
      'isListed',
    ] as const) {
      next[column].set(this[column]);
      (this[column] as unknown) = next[column];
    }
  }

  /** Goes through all slots with somebody in their list; those of which `keeps` says no have nobody left. */
  siftListed(keeps: (slot: number) => boolean): void {
    let kept = 0;
    for (const slot of this.listed) {
      if (keeps(slot)) this.listed[kept++] = slot;
      else this.isListed[slot] = 0;
    }
    this.listed.length = kept;
  }

  clear(slot: number): void {
    this.counts[slot] = 0;
    this.truncated[slot] = 0;
    this.bars[slot] = -Infinity;
  }

  /** Enters a partner by rank; who comes last in a full list falls out. */
  // oxlint-disable-next-line stoa/max-parameters -- the hottest loop: an options object a call would be garbage
  enter(slot: number, partner: number, partnerSerial: number, rank: number, score: number): void {
    const start = slot * this.width;
    let count = this.counts[slot]!;
    if (!this.isListed[slot]) {
      this.isListed[slot] = 1;
      this.listed.push(slot);
    }
    if (count === this.width) {
      this.truncated[slot] = 1;
      count--;
    }
    let at = start + count;
    while (at > start && this.ranks[at - 1]! < rank) {
      this.move(at - 1, at);
      at--;
    }
    this.partners[at] = partner;
    this.partnerSerials[at] = partnerSerial;
    this.ranks[at] = rank;
    this.scores[at] = score;
    this.counts[slot] = ++count;
    if (count === this.width) this.bars[slot] = this.ranks[start + count - 1]!;
  }

  /** These two are nothing to each other any more: the entries go with the next `prune`. */
  part(a: number, b: number): void {
    for (const [slot, other] of [
      [a, b],
      [b, a],
    ] as const)
      for (let at = slot * this.width; at < slot * this.width + this.counts[slot]!; at++)
        if (this.partners[at] === other) this.partnerSerials[at] = NOBODY;
  }

  /** Drops the entries whose search is gone, and answers how many are left. */
  prune(slot: number, pool: WaitingPool): number {
    const start = slot * this.width;
    const end = start + this.counts[slot]!;
    let kept = start;
    for (let at = start; at < end; at++) {
      if (pool.serials[this.partners[at]!] !== this.partnerSerials[at]) continue;
      if (kept !== at) this.move(at, kept);
      kept++;
    }
    this.counts[slot] = kept - start;
    if (kept - start < this.width) this.bars[slot] = -Infinity;
    return kept - start;
  }

  private move(from: number, to: number): void {
    this.partners[to] = this.partners[from]!;
    this.partnerSerials[to] = this.partnerSerials[from]!;
    this.ranks[to] = this.ranks[from]!;
    this.scores[to] = this.scores[from]!;
  }
}

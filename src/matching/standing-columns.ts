import { roomFor } from './slot-room.js';

/**
 * By slot, for one pick after the other: made anew twenty times a second for 100,000 who wait, they would fill V8's 64 MiB of memory
 * outside the heap every two seconds, and it would collect the whole heap each time.
 */
export class StandingColumns {
  /** NaN: not worked out yet. */
  thresholds = new Float64Array(64).fill(NaN);
  bonuses = new Float64Array(64).fill(NaN);
  private readonly workedOut: number[] = [];

  clear(slots: number): void {
    for (const slot of this.workedOut) this.thresholds[slot] = this.bonuses[slot] = NaN;
    this.workedOut.length = 0;
    if (slots <= this.thresholds.length) return;
    this.thresholds = new Float64Array(roomFor(slots)).fill(NaN);
    this.bonuses = new Float64Array(roomFor(slots)).fill(NaN);
  }

  noteThreshold(slot: number, threshold: number): number {
    this.workedOut.push(slot);
    return (this.thresholds[slot] = threshold);
  }

  noteBonus(slot: number, bonus: number): number {
    this.workedOut.push(slot);
    return (this.bonuses[slot] = bonus);
  }
}

import { hasPassed } from './has-passed.js';
import type { WaitingPool } from './waiting-pool.js';
import { roomFor } from './slot-room.js';

/** A search that looked again in vain does so not sooner than after this, ms. */
const AGAIN_MS = 1_000;

/**
 * Searches of a pool, by slot and serial, in the order of entry. One that ended or changed meanwhile is dropped
 * when the list is next gone through.
 */
export class SearchList {
  private slots: number[] = [];
  private serials: number[] = [];

  get length(): number {
    return this.slots.length;
  }

  push(slot: number, serial: number): void {
    this.slots.push(slot);
    this.serials.push(serial);
  }

  /** Goes through all that are still what they were, and keeps those of which `keeps` says so. */
  sift({ serials }: WaitingPool, keeps: (slot: number) => boolean): void {
    let kept = 0;
    for (let at = 0; at < this.slots.length; at++) {
      const slot = this.slots[at]!;
      const serial = this.serials[at]!;
      if (serials[slot] !== serial || !keeps(slot)) continue;
      this.slots[kept] = slot;
      this.serials[kept++] = serial;
    }
    this.slots.length = kept;
    this.serials.length = kept;
  }
}

/**
 * What the picker still has to do for whom, so that a tick costs what changed and not how many wait: who has to look for partners,
 * who may be widened, whose list ran empty. All others are left alone until somebody enters their list.
 */
export class PickAgenda {
  /** Slots that have to look for the first time, or anew after an edit or a widening, oldest first. */
  readonly looks: number[] = [];
  /** Who is not widened yet: after the longest time to a widening nobody is in here. */
  readonly unwidened = new SearchList();
  /** Whose list of partners left some out and ran empty. */
  readonly hungry = new SearchList();
  /** By slot: the serial under which it is in `hungry`. */
  private hungryAs = new Int32Array(64).fill(-1);
  /** By slot, ms: when it last looked again in vain. */
  private inVainAt = new Float64Array(64);

  /** Makes room for the slots of a pool that has grown. */
  fit(slots: number): void {
    if (slots <= this.inVainAt.length) return;
    const size = roomFor(slots);
    const [hungryAs, inVainAt] = [new Int32Array(size).fill(-1), new Float64Array(size)];
    hungryAs.set(this.hungryAs);
    inVainAt.set(this.inVainAt);
    [this.hungryAs, this.inVainAt] = [hungryAs, inVainAt];
  }

  /** Takes over what the pool says is new, edited or widened. */
  takeIn(pool: WaitingPool): void {
    for (const slot of pool.fresh) {
      if (!pool.ticketAt[slot]) continue;
      this.looks.push(slot);
      this.inVainAt[slot] = -Infinity;
      if (!pool.widenedAt[slot]) this.unwidened.push(slot, pool.serials[slot]!);
    }
    pool.fresh.length = 0;
  }

  /** The next to look, at most `most`: in order while all can, else as many of the newest as of those that have waited longest for it. */
  nextLooks(most: number): number[] {
    const { looks } = this;
    if (looks.length <= most) return looks.splice(0);
    const newest = looks.splice(looks.length - (most >> 1));
    const oldest = looks.splice(0, most - newest.length);
    return oldest.flatMap((slot, at) => (at < newest.length ? [newest[newest.length - 1 - at]!, slot] : [slot]));
  }

  /** These could not look after all: they are the first next time. */
  postpone(slots: readonly number[]): void {
    this.looks.unshift(...slots);
  }

  /** The list of this search ran empty and others were left out of it: it should look again. */
  noteHungry(slot: number, serial: number): void {
    if (this.hungryAs[slot] === serial) return;
    this.hungryAs[slot] = serial;
    this.hungry.push(slot, serial);
  }

  noteFed(slot: number): void {
    this.hungryAs[slot] = -1;
  }

  mayLookAgain(slot: number, nowMs: number): boolean {
    return hasPassed(AGAIN_MS, this.inVainAt[slot]!, nowMs);
  }

  rest(slot: number, nowMs: number): void {
    this.inVainAt[slot] = nowMs;
  }
}

import { MovingMean } from './moving-mean.js';
import type { MovingMeanSnapshot } from './moving-mean.js';

/** Before anything is seen: the middle of what was measured (.03–.07). */
const PRIOR_GAIN = 0.05;

/** Observations remembered. */
const MEMORY = 500;

/**
 * b: how much better the best partner gets each time the number of candidates grows by a factor of e.
 * Learnt from single looks at the pool: the best of all candidates against the best of every second one.
 */
export class ThicknessGain {
  private readonly mean = new MovingMean(MEMORY);

  /** One look: `best` of all candidates, `bestOfHalf` of every second one. Looks at fewer than two say nothing: do not report them. */
  observe(best: number, bestOfHalf: number): void {
    this.mean.observe(Math.max(0, best - bestOfHalf) / Math.LN2);
  }

  get value(): number {
    return this.mean.mean(PRIOR_GAIN, 10);
  }

  toSnapshot(): MovingMeanSnapshot {
    return this.mean.toSnapshot();
  }

  restore(snapshot: MovingMeanSnapshot): void {
    this.mean.restore(snapshot);
  }
}

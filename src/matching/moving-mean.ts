/** What a `MovingMean` is after a restart. */
export interface MovingMeanSnapshot {
  readonly sum: number;
  readonly weight: number;
}

/**
 * Exponentially weighted mean of what came last. `memory` is how many observations count, about.
 * Warm-up corrected: the first observation is the mean, not a tenth of it.
 */
export class MovingMean {
  private readonly keep: number;
  private sum = 0;
  private weight = 0;

  constructor(memory: number) {
    this.keep = 1 - 1 / memory;
  }

  observe(value: number): void {
    if (!Number.isFinite(value)) return;
    this.sum = this.sum * this.keep + value;
    this.weight = this.weight * this.keep + 1;
  }

  /** The mean, drawn towards `prior` as if that had been seen `priorWeight` times. */
  mean(prior: number, priorWeight = 1): number {
    return (this.sum + prior * priorWeight) / (this.weight + priorWeight);
  }

  /** How many observations stand behind the mean, at most `memory`. */
  get evidence(): number {
    return this.weight;
  }

  toSnapshot(): MovingMeanSnapshot {
    return { sum: this.sum, weight: this.weight };
  }

  restore({ sum, weight }: MovingMeanSnapshot): void {
    this.sum = sum;
    this.weight = weight;
  }
}

const BINS = 64;
const MOST_TAGS = 10;

/** Scores that one histogram remembers. */
const MEMORY = 20_000;

/** What `ScoreDistribution` is after a restart: one histogram per number of tags. */
export type ScoreDistributionSnapshot = number[][];

/** F: how the scores of permitted pairs are spread, by how many interests the searcher names. 64 bins over 0..1 each. */
export class ScoreDistribution {
  private readonly counts = new Float64Array(BINS * (MOST_TAGS + 1));
  private readonly totals = new Float64Array(MOST_TAGS + 1);

  observe(tags: number, score: number): void {
    const row = Math.min(tags, MOST_TAGS);
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(score * BINS)));
    this.counts[row * BINS + bin]! += 1;
    if (++this.totals[row]! > MEMORY) this.halve(row);
  }

  /** The score that only `1 - share` of permitted partners exceed, 0..1; 0 while nothing is known. Falls within a bin by its share. */
  quantile(tags: number, share: number): number {
    const row = Math.min(tags, MOST_TAGS);
    let above = this.totals[row]! * (1 - share);
    for (let bin = BINS - 1; bin >= 0; bin--) {
      const count = this.counts[row * BINS + bin]!;
      if (count > 0 && above <= count) return (bin + 1 - above / count) / BINS;
      above -= count;
    }
    return 0;
  }

  toSnapshot(): ScoreDistributionSnapshot {
    return Array.from(this.totals, (_, row) => [...this.counts.subarray(row * BINS, (row + 1) * BINS)]);
  }

  restore(rows: ScoreDistributionSnapshot): void {
    rows.forEach((row, tags) => {
      this.counts.set(row, tags * BINS);
      this.totals[tags] = row.reduce((sum, count) => sum + count, 0);
    });
  }

  private halve(row: number): void {
    for (let bin = row * BINS; bin < (row + 1) * BINS; bin++) this.counts[bin]! /= 2;
    this.totals[row]! /= 2;
  }
}

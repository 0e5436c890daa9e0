/** How two classes of requests compare, by pairs that were measured back to back. Times in ms. */
export interface Comparison {
  pairs: number;
  /** Median of the differences. */
  median: number;
  /** 99 % confidence interval of that median, by moving-block bootstrap: latencies that follow each other are alike. */
  interval: [number, number];
  /** Chance that a single look tells the classes apart the right way round; 0.5: not at all (Mann-Whitney U / n²). */
  auc: number;
  /** Information only: with many pairs a harmless difference is "significant". */
  wilcoxonP: number;
  /** Information only: largest distance of the two distributions (Kolmogorov-Smirnov). */
  ksDistance: number;
}

export type Verdict = 'pass' | 'fail' | 'undecided';

/** Bounds of the verdict: an attacker's single look, and what many looks can average out. */
const MAX_MEDIAN = 5;
const MAX_AUC_OFFSET = 0.1;

const BLOCK = 10;
const RESAMPLES = 2_000;
const CONFIDENCE = 0.99;

/** `random` in [0, 1): given, so that a verdict can be repeated. */
export function compare(reference: number[], other: number[], random: () => number): Comparison {
  const differences = other.map((value, i) => value - (reference[i] ?? 0));
  return {
    pairs: differences.length,
    median: median(differences),
    interval: medianInterval(differences, random),
    auc: auc(reference, other),
    wilcoxonP: wilcoxonP(differences),
    ksDistance: ksDistance(reference, other),
  };
}

/** `pass` when the whole interval lies within the bound, `fail` when it lies outside or one look tells; else more pairs are needed. */
export function judge({ interval: [low, high], auc: chance }: Comparison): Verdict {
  if (low > MAX_MEDIAN || high < -MAX_MEDIAN || Math.abs(chance - 0.5) >= MAX_AUC_OFFSET) return 'fail';
  return low >= -MAX_MEDIAN && high <= MAX_MEDIAN ? 'pass' : 'undecided';
}

export function median(values: number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function medianInterval(values: number[], random: () => number): [number, number] {
  const starts = values.length - BLOCK + 1;
  const medians = Array.from({ length: RESAMPLES }, () => {
    const sample: number[] = [];
    while (sample.length < values.length) {
      const start = Math.floor(random() * starts);
      sample.push(...values.slice(start, start + BLOCK));
    }
    return median(sample.slice(0, values.length));
  }).sort((a, b) => a - b);
  const tail = (1 - CONFIDENCE) / 2;
  const at = (share: number): number => medians[Math.min(RESAMPLES - 1, Math.floor(share * RESAMPLES))] ?? 0;
  return [at(tail), at(1 - tail)];
}

/** Chance that a random `other` is larger than a random `reference`; ties count half. */
export function auc(reference: number[], other: number[]): number {
  const all = [
    ...reference.map((value) => ({ value, isOther: false })),
    ...other.map((value) => ({ value, isOther: true })),
  ];
  const ranks = ranksOf(all.map(({ value }) => value));
  const rankSum = all.reduce((sum, { isOther }, i) => sum + (isOther ? (ranks[i] ?? 0) : 0), 0);
  const u = rankSum - (other.length * (other.length + 1)) / 2;
  return u / (reference.length * other.length);
}

/** 1-based ranks; equal values share the mean of theirs. */
function ranksOf(values: number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1] ?? 0] === values[order[from] ?? 0]) to += 1;
    for (let i = from; i <= to; i += 1) ranks[order[i] ?? 0] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}

/** Two-sided p of the signed-rank test, by its normal approximation. */
function wilcoxonP(differences: number[]): number {
  const moved = differences.filter((d) => d !== 0);
  const ranks = ranksOf(moved.map(Math.abs));
  const positive = moved.reduce((sum, d, i) => sum + (d > 0 ? (ranks[i] ?? 0) : 0), 0);
  const n = moved.length;
  const z = (positive - (n * (n + 1)) / 4) / Math.sqrt((n * (n + 1) * (2 * n + 1)) / 24);
  return Math.min(1, 2 * upperTail(Math.abs(z)));
}

/** P(Z > z) of the standard normal, z >= 0 (Abramowitz and Stegun 26.2.17; error below 7.5e-8). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}

function ksDistance(reference: number[], other: number[]): number {
  const below = (values: number[], limit: number): number => values.filter((v) => v <= limit).length / values.length;
  return Math.max(...[...reference, ...other].map((v) => Math.abs(below(reference, v) - below(other, v))));
}

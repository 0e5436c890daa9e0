import { describe, expect, it } from 'vitest';
import { auc, compare, judge, median } from './paired-statistics.js';

/** mulberry32: a small seeded generator, so that each simulation is the same in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Latencies as a machine makes them: a lognormal body, slow drift that both members of a pair share, 3 % outliers. */
function simulate(leakMs: number, seed: number, { pairs = 400, spread = 0.12 } = {}) {
  const random = seeded(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const latency = (drift: number): number =>
    40 * Math.exp(spread * normal()) + drift + (random() < 0.03 ? 50 + 150 * random() : 0);
  const [reference, other]: [number[], number[]] = [[], []];
  for (let i = 0, drift = 0; i < pairs; i += 1) {
    drift = 0.9 * drift + 2 * normal();
    reference.push(latency(drift));
    other.push(latency(drift) + leakMs);
  }
  return compare(reference, other, random);
}

describe('the verdict of the timing proof', { timeout: 30_000 }, () => {
  const seeds = Array.from({ length: 8 }, (_, i) => i + 1);
  const verdicts = (leakMs: number): string[] => seeds.map((seed) => judge(simulate(leakMs, seed)));

  it('passes equal classes and never fails them', () => {
    expect(verdicts(0)).toEqual(seeds.map(() => 'pass'));
  });

  it('fails a skipped hash and half of one, always', () => {
    expect(verdicts(35)).toEqual(seeds.map(() => 'fail'));
    expect(verdicts(-35)).toEqual(seeds.map(() => 'fail'));
    expect(verdicts(12)).toEqual(seeds.map(() => 'fail'));
  });

  it('never passes a leak above the bound', () => {
    expect(verdicts(7)).not.toContain('pass');
  });

  it('does not decide on too little or too noisy', () => {
    expect(judge({ ...simulate(0, 1), interval: [-6, 6] })).toBe('undecided');
  });
});

describe('the statistics', () => {
  it('take the median of even and odd numbers of values', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
  });

  it('measure the chance of telling two classes apart', () => {
    expect(auc([1, 2, 3], [4, 5, 6])).toBe(1);
    expect(auc([4, 5, 6], [1, 2, 3])).toBe(0);
    expect(auc([1, 2], [1, 2])).toBe(0.5);
  });

  it('know a textbook signed-rank test', () => {
    const before = [125, 115, 130, 140, 140, 115, 140, 125, 140, 135];
    const after = [110, 122, 125, 120, 140, 124, 123, 137, 135, 145];
    const { wilcoxonP, ksDistance } = compare(before, after, seeded(1));
    expect(wilcoxonP).toBeCloseTo(0.59, 1);
    expect(ksDistance).toBeCloseTo(0.3, 5);
  });
});

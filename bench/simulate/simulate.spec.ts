import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../src/config/matching-policy.js';
import { Greedy } from './baselines.js';
import { Adaptive } from './policies.js';
import { readPopulation } from './population.js';
import { renderReport } from './report.js';
import { simulate } from './simulate.js';
import type { Comparison } from './simulate.js';

const run = (seed: number): Comparison =>
  simulate({
    population: readPopulation('bench/simulate/population.json'),
    rate: 5,
    hours: 0.05,
    seed,
    config: DEFAULT_POLICY,
    policies: [Adaptive, Greedy],
    onProgress: () => {},
  });

/** All but the time that the machine took. */
const facts = ({ results, hindsight }: Comparison): unknown[] => [
  hindsight,
  ...results.map(({ measures: { cpuMs: _, ...rest }, ofHindsight }) => ({ ...rest, ofHindsight })),
];

describe('the simulator', () => {
  it('gives the same for the same seed, and something else for another', () => {
    expect(facts(run(7))).toEqual(facts(run(7)));
    expect(facts(run(8))).not.toEqual(facts(run(7)));
  });

  it('reports every policy on one page, without anything from elsewhere', () => {
    const page = renderReport({ rate: 5 }, run(7));
    for (const name of ['adaptive', 'greedy', 'Hindsight']) expect(page).toContain(name);
    for (const plot of ['Match rate over the day', 'Quality over the day', 'Quality by group', 'men who seek women'])
      expect(page).toContain(plot);
    expect(page).not.toMatch(/<script|https?:\/\/|NaN|undefined/);
  });

  it('the parts of the day and the groups add up to the whole', () => {
    for (const { measures } of run(7).results) {
      expect(measures.day.length).toBeGreaterThan(20);
      const rates = measures.day.map(({ matchRate }) => matchRate);
      expect(Math.min(...rates)).toBeLessThanOrEqual(measures.matchRate);
      expect(Math.max(...rates)).toBeGreaterThanOrEqual(measures.matchRate);
      const qualities = measures.groups.map(({ quality }) => quality);
      expect(Math.min(...qualities)).toBeLessThanOrEqual(measures.quality);
      expect(Math.max(...qualities)).toBeGreaterThanOrEqual(measures.quality);
    }
  });

  it('no policy does better than hindsight, and hindsight lies between two bounds', () => {
    const { results, hindsight } = run(9);
    expect(hindsight?.found).toBeLessThanOrEqual(hindsight?.bound ?? 0);
    for (const { ofHindsight } of results) {
      expect(ofHindsight?.j).toBeLessThan(hindsight?.found ?? 0);
      expect(ofHindsight?.share).toBeGreaterThan(0.5);
    }
  });
});

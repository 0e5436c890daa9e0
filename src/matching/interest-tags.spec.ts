import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InterestTags } from './interest-tags.js';

/** A dictionary in which tag `id` came with `shares[id]` of the arrivals. */
function met(counts: readonly number[], arrivals: number): InterestTags {
  const tags = new InterestTags();
  const ids = tags.hold(counts.map((_, at) => `tag ${at}`));
  for (let i = 0; i < arrivals; i++) tags.countArrival(ids.filter((id) => i < counts[id]!));
  return tags;
}

describe('the rarity of an interest', () => {
  const count = fc.nat(200);

  it('lies in 0..1 and is the greater, the fewer arrivals have it', () => {
    fc.assert(
      fc.property(count, count, (some, others) => {
        const tags = met([some, others], 200);
        expect(tags.rarity(0)).toBeGreaterThanOrEqual(0);
        expect(tags.rarity(0)).toBeLessThanOrEqual(1);
        if (some < others) expect(tags.rarity(0)).toBeGreaterThan(tags.rarity(1));
        if (some === others) expect(tags.rarity(0)).toBe(tags.rarity(1));
      }),
    );
  });

  it('is 1 for one that nobody had before, and almost nothing for one that everybody has', () => {
    const tags = met([0, 1_000, 10], 1_000);
    expect(tags.rarity(0)).toBe(1);
    expect(tags.rarity(1)).toBeLessThan(0.01);
    expect(tags.rarity(2)).toBeCloseTo(Math.log(1_002 / 11) / Math.log(1_002), 12);
  });

  it('outlives those who wait: a tag that came back is as rare as it was', () => {
    const tags = met([50], 100);
    const before = tags.rarity(0);
    tags.release([0]);
    expect(tags.hold(['tag 0'])).toEqual([0]);
    expect(tags.rarity(0)).toBe(before);
  });
});

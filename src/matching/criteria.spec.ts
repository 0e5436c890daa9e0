import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { scoreWithCriteria } from './criteria.js';
import { MatchingCriteria } from './matching-criterion.port.js';
import type { MatchingCriterion, SearchTicket } from './matching-criterion.port.js';
import { pickPairs } from './pair-picker.js';
import { ShardPolicy } from './shard-policy.js';
import { aTicket, anyTicket } from './ticket.arbitrary.js';
import { WaitingPool } from './waiting-pool.js';

// The example of docs/guides/matching-criterion.md, word for word.
/** Prefers pairs that share more than one language, so that one can help out the other. */
class CommonLanguages implements MatchingCriterion {
  readonly name = 'common_languages';
  readonly weight = 0.05;

  /** 0 for one common language or none, .5 for two, 1 for three. */
  value(a: SearchTicket, b: SearchTicket): number {
    const common = a.languages.filter((language) => b.languages.includes(language)).length;
    return Math.max(0, common - 1) / 2;
  }
}

const criterionOf = (value: () => number, name = 'odd'): MatchingCriterion => ({ name, weight: 0.5, value });
const a = aTicket({ searchId: 'a', languages: [0, 1] });
const b = aTicket({ searchId: 'b', languages: [0, 1] });
const c = aTicket({ searchId: 'c', languages: [0] });

function poolOf(tickets: SearchTicket[]): WaitingPool {
  const pool = new WaitingPool();
  for (const ticket of tickets) pool.add(ticket);
  return pool;
}

describe('a criterion', () => {
  it('decides between partners that are otherwise alike', () => {
    const policy = new ShardPolicy({ criteria: [new CommonLanguages()] });
    const [pair] = pickPairs(poolOf([c, a, b]), policy, 1_000);
    expect(new Set([pair?.a.searchId, pair?.b.searchId])).toEqual(new Set(['a', 'b']));
  });

  it.each([
    ['throws', () => { throw new Error('broken'); }], // prettier-ignore
    ['returns NaN', () => NaN],
    ['returns Infinity', () => Infinity],
  ])('that %s is reported and ignored, and matching goes on', (_, value) => {
    const onFault = vi.fn();
    const policy = new ShardPolicy({ criteria: [criterionOf(value)], onFault });
    expect(pickPairs(poolOf([a, b]), policy, 1_000)).toHaveLength(1);
    expect(onFault).toHaveBeenCalledWith('odd', expect.anything());
    // As if there were no such criterion.
    for (const others of [[], [new CommonLanguages()]]) {
      const [withIt] = pickPairs(poolOf([a, b]), new ShardPolicy({ criteria: [...others, criterionOf(value)] }), 1_000);
      const [without] = pickPairs(poolOf([a, b]), new ShardPolicy({ criteria: others }), 1_000);
      expect(withIt!.score).toBeCloseTo(without!.score, 12);
    }
  });

  it('leaves scores in 0..1, the same both ways, and moves them by no more than its weight', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(anyTicket, anyTicket, share, fc.double(), (one, other, plain, said) => {
        const criteria = [new CommonLanguages(), criterionOf(() => said)];
        const score = scoreWithCriteria(plain, criteria, one, other, () => {});
        expect(score).toBe(scoreWithCriteria(plain, criteria, other, one, () => {}));
        const weights = Number.isFinite(said) ? 0.55 : 0.05;
        expect(score).toBeGreaterThanOrEqual(plain / (1 + weights) - 1e-12);
        expect(score).toBeLessThanOrEqual((plain + weights) / (1 + weights) + 1e-12);
      }),
    );
  });

  it('is refused at start when its weight is odd or its name is taken', () => {
    const criteria = new MatchingCriteria();
    criteria.add(criterionOf(() => 0, 'one'));
    expect(() => criteria.add(criterionOf(() => 0, 'one'))).toThrow(/twice/);
    expect(() => criteria.add({ ...criterionOf(() => 0, 'two'), weight: 0.6 })).toThrow(/weights/);
    expect(() => criteria.add({ ...criterionOf(() => 0, 'two'), weight: NaN })).toThrow(/weights/);
    expect(criteria.all()).toHaveLength(1);
  });

  it('is the one that the guide shows', () => {
    const guide = readFileSync(new URL('../../docs/guides/matching-criterion.md', import.meta.url), 'utf8');
    const [, example = 'no example'] = /```ts\n(.*?)```/s.exec(guide) ?? [];
    expect(readFileSync(new URL(import.meta.url), 'utf8')).toContain(example);
  });
});

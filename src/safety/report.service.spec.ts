import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withMore } from './report.service.js';

const evidenceOf = (seqs: readonly number[], text: string) =>
  seqs.map((seq) => ({ seq, by: 'reported' as const, text, sentAt: '2026-11-27T00:00:00.000Z' }));
const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 250 });

describe('withMore', () => {
  it('keeps what was kept, adds what is new while there is room, once each and in order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 400 }), { maxLength: 200 }), seqs, (old, young) => {
        const all = withMore(evidenceOf(old, 'old'), evidenceOf(young, 'new'));
        const order = all.map(({ seq }) => seq);
        expect(order).toEqual([...new Set(order)].toSorted((a, b) => a - b));
        expect(order).toEqual(expect.arrayContaining(old));
        for (const { seq, text } of all) expect(text).toBe(old.includes(seq) ? 'old' : 'new');
        const wanted = new Set([...old, ...young]).size;
        expect(all).toHaveLength(Math.min(wanted, 200));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownSeqs } from './known-seqs.js';

describe('KnownSeqs', () => {
  it('knows exactly what was added, in any order, and how far there is no hole', () => {
    const steps = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 30 }), upTo: fc.boolean() }), { maxLength: 40 });
    fc.assert(
      fc.property(steps, (all) => {
        const known = new KnownSeqs();
        const model = new Set<number>();
        for (const { seq, upTo } of all) {
          if (upTo) known.addUpTo(seq);
          else known.add(seq);
          for (let s = upTo ? 1 : seq; s <= seq; s += 1) model.add(s);
        }
        let top = 0;
        while (model.has(top + 1)) top += 1;
        expect(known.top).toBe(top);
        for (let seq = 1; seq <= 31; seq += 1) expect(known.has(seq)).toBe(model.has(seq));
      }),
    );
  });
});

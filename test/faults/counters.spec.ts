import { describe, expect, it } from 'vitest';
import { Counters } from './counters.js';

const at = (values: Record<number, number>): Counters =>
  new Counters(
    new Map(
      Object.entries(values).map(([pid, n]) => [
        Number(pid),
        `# HELP stoa_x_total x\nstoa_x_total{path="a"} ${n}\nstoa_x_total{path="b"} 1000\nstoa_x_total_more 7\n`,
      ]),
    ),
  );
const query = { metric: 'stoa_x_total', labels: 'path="a"' };

describe('the counters of several processes', () => {
  it('have not moved when one was killed and started again, whatever it had counted', () => {
    expect(at({ 1: 5, 3: 0 }).movedSince(at({ 1: 5, 2: 9 }), query)).toBe(0);
  });

  it('have not moved because one did not answer', () => {
    expect(at({ 1: 5 }).movedSince(at({ 1: 5, 2: 9 }), query)).toBe(0);
  });

  it('add up what each has counted, a restarted one from 0, unless only survivors are asked', () => {
    const [before, after] = [at({ 1: 5, 2: 9 }), at({ 1: 8, 3: 2 })];
    expect(after.movedSince(before, query)).toBe(5);
    expect(after.movedSince(before, { ...query, of: 'survivors' })).toBe(3);
  });

  it('read one name and not those that begin like it', () => {
    expect(at({ 1: 5 }).total('stoa_x_total')).toBe(1_005);
  });
});

import { describe, expect, it } from 'vitest';
import { namesOf, namesServed } from './promql.js';

describe('names in PromQL', () => {
  it('are metrics and labels, not functions, words, ranges or strings', () => {
    const query =
      'sum by (le, queue) (rate(a_bucket{event="b",code=~"X|Y"}[5m])) > 0.5 * max(d) and on (class) e1e == 1e9';
    expect(namesOf(query)).toEqual({
      metrics: ['a_bucket', 'd', 'e1e'],
      labels: ['event', 'code', 'le', 'queue', 'class'],
    });
  });
});

describe('names served', () => {
  it('are those of samples and of what was never touched', () => {
    const text = '# TYPE a counter\na{x="1",y="2"} 3\n# TYPE b histogram\n# TYPE c gauge\nc 1\n';
    expect([...namesServed([text])].map(([name, labels]) => [name, [...labels]])).toEqual([
      ['a', ['x', 'y']],
      ['b_bucket', []],
      ['b_sum', []],
      ['b_count', []],
      ['c', []],
    ]);
  });
});

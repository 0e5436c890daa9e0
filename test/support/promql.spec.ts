import { describe, expect, it } from 'vitest';
import { matchersOf, namesOf, namesServed, valuesServed } from './promql.js';

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

describe('values', () => {
  it('are asked for by matchers of any kind, each alternative by itself', () => {
    expect(matchersOf('rate(a{b="c:d",e!="f.g"}[5m]) / g{h=~"5..|X",i!~"j"} + k')).toEqual([
      { metric: 'a', label: 'b', values: ['c:d'] },
      { metric: 'a', label: 'e', values: [String.raw`f\.g`] },
      { metric: 'g', label: 'h', values: ['5..', 'X'] },
      { metric: 'g', label: 'i', values: ['j'] },
    ]);
  });

  it('are served by metric and label', () => {
    const text = '# TYPE a counter\na{x="1",y="2"} 3\na{x="3",y="2"} 3\nb 1\n';
    expect([...valuesServed([text])].map(([key, values]) => [key, [...values]])).toEqual([
      ['a{x}', ['1', '3']],
      ['a{y}', ['2']],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { missingEvidence, slowAcks, slowComebacks } from './judgement.js';
import { rowsNamed } from './rows.js';
import type { Strike } from './strike.js';

const aStrike = (row: string, over: Partial<Strike> = {}): Strike => ({
  row,
  at: 0,
  healedAt: 1,
  recoveredMs: 100,
  boundMs: 10_000,
  p95Ms: undefined,
  comebacks: [],
  evidence: 1,
  acks: [],
  ...over,
});
const ROW = 'api kill -9';
const found = (strikes: Partial<Strike>[], name = ROW): string[] =>
  rowsNamed(name).flatMap((row) => {
    const all = strikes.map((over) => aStrike(name, over));
    return [...missingEvidence(row, all), ...slowComebacks(row, all), ...slowAcks(row, all)].map(({ what }) => what);
  });

describe('what is judged over all strikes of a row', () => {
  it('one strike whose metric did not move tested nothing, however far the others moved it', () => {
    expect(found([{ evidence: 1 }, { evidence: 400 }])).toEqual([]);
    expect(found([{ evidence: 0 }, { evidence: 400 }])).toEqual([`${ROW}: its metric moved at 1 of 2 strikes only`]);
  });

  it('a row with a share may miss some', () => {
    const row = 'Redis stopped, then silence';
    const strikes = (moved: number): Partial<Strike>[] =>
      Array.from({ length: 10 }, (_, i) => ({ evidence: Number(i < moved) }));
    expect(found(strikes(8), row)).toEqual([]);
    expect(found(strikes(7), row)).toHaveLength(1);
  });

  it('bots that come back late: 5 of 100 may', () => {
    const comebacks = (late: number): number[] => Array.from({ length: 100 }, (_, i) => (i < late ? 9_000 : 500));
    expect(found([{ comebacks: comebacks(5) }])).toEqual([]);
    expect(found([{ comebacks: comebacks(6) }])).toEqual([`${ROW}: back after 9000 ms (p95), 3000 at most`]);
  });

  it('acknowledgements that come late: 1 of 100 may', () => {
    const acks = (late: number): number[] => Array.from({ length: 100 }, (_, i) => (i < late ? 1_200 : 5));
    expect(found([{ acks: acks(1) }], 'Redis emptied')).toEqual([]);
    expect(found([{ acks: acks(2) }], 'Redis emptied')).toHaveLength(1);
  });
});

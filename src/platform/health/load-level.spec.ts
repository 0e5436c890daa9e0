import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAG_LIMIT, RESTED, STEP_AFTER, nextLoad } from './load-level.js';
import type { LoadState } from './load-level.js';

const after = (lags: number[], from: LoadState = RESTED): LoadState =>
  lags.reduce((s, lag) => nextLoad(s, lag, 1_000), from);
const seconds = (n: number, lag: number): number[] => Array.from({ length: n }, () => lag);
const SLOW = LAG_LIMIT + 1;

describe('load', () => {
  it('refuses handshakes after 5 s of lag, searches after 5 more, and nothing else ever', () => {
    expect(after(seconds(4, SLOW)).level).toBe('normal');
    expect(after(seconds(5, SLOW)).level).toBe('no_handshakes');
    expect(after(seconds(10, SLOW)).level).toBe('no_searches');
    expect(after(seconds(100, SLOW)).level).toBe('no_searches');
  });

  it('takes them again in the same steps', () => {
    const worst = after(seconds(10, SLOW));
    expect(after(seconds(5, 1), worst).level).toBe('no_handshakes');
    expect(after(seconds(10, 1), worst).level).toBe('normal');
  });

  it('counts anew when the lag changes sides', () => {
    expect(after([...seconds(4, SLOW), 1, ...seconds(4, SLOW)]).level).toBe('normal');
  });

  it('never leaves normal while every sample is quick, and never moves twice within the step', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1_000 })), (lags) => {
        let state = RESTED;
        let sinceMove = STEP_AFTER;
        for (const lag of lags) {
          const next = nextLoad(state, lag, 1_000);
          sinceMove += 1_000;
          if (next.level !== state.level) {
            if (sinceMove < STEP_AFTER) return false;
            sinceMove = 0;
          }
          state = next;
        }
        return lags.some((lag) => lag > LAG_LIMIT) || state.level === 'normal';
      }),
    );
  });
});

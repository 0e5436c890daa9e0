/** What a busy process still takes: everything; no new connections; no new searches either. Chat is never refused. */
export type LoadLevel = 'normal' | 'no_handshakes' | 'no_searches';

/** Facts about the event loop so far. */
export interface LoadState {
  level: LoadLevel;
  /** ms for which the lag has been above the limit; negative: below it, while something is refused */
  forMs: number;
}

/** Mean lag of the event loop over a sample from which on the process counts as overloaded (ms). */
export const LAG_LIMIT = 200;
/** How long the lag must stay on one side before the level moves by one step (ms). */
export const STEP_AFTER = 5_000;

const LEVELS: readonly LoadLevel[] = ['normal', 'no_handshakes', 'no_searches'];

export const RESTED: LoadState = { level: 'normal', forMs: 0 };

/** One sample later: five seconds too slow and the next thing is refused, five seconds quick enough and it is taken again. */
export function nextLoad(state: LoadState, lagMs: number, sampleMs: number): LoadState {
  const step = lagMs > LAG_LIMIT ? 1 : -1;
  const level = LEVELS.indexOf(state.level);
  const target = Math.min(Math.max(level + step, 0), LEVELS.length - 1);
  if (target === level) return { level: state.level, forMs: 0 };
  // A change of side starts the count anew: `forMs` is negative while the lag is below the limit.
  const sameSide = Math.sign(state.forMs) === step || state.forMs === 0;
  const forMs = (sameSide ? state.forMs : 0) + step * sampleMs;
  if (Math.abs(forMs) < STEP_AFTER) return { level: state.level, forMs };
  return { level: LEVELS[target] ?? 'normal', forMs: 0 };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../config/matching-policy.js';
import { NO_ROUND_YET, scheduleRound } from './round-schedule.js';
import type { RoundSchedule } from './round-schedule.js';

const rounds = { startPerS: 200, stopPerS: 150, everyMs: 750 };
const hold = { ...DEFAULT_POLICY.hold, longestMs: 800 };
const settings = { rounds, hold };
const TICK_MS = 50;

const anyTicks = fc.array(
  fc.record({ arrivalsPerS: fc.constantFrom(0, 149, 150, 199, 200, 5_000), lateMs: fc.nat(20) }),
  {
    minLength: 20,
    maxLength: 120,
  },
);

/** The schedule at each tick, and when that was. */
function play(ticks: readonly { arrivalsPerS: number; lateMs: number }[], with_ = settings) {
  let [schedule, nowMs]: [RoundSchedule, number] = [NO_ROUND_YET, 1_000];
  return ticks.map(({ arrivalsPerS, lateMs }) => {
    nowMs += TICK_MS + lateMs;
    schedule = scheduleRound(schedule, { arrivalsPerS, nowMs }, with_);
    return { ...schedule, arrivalsPerS, nowMs };
  });
}

describe('when a pool goes by rounds', () => {
  it('begins at one rate and ends below another, and in between goes on as it was', () => {
    fc.assert(
      fc.property(anyTicks, (ticks) => {
        let wasThick = false;
        for (const { isThick, arrivalsPerS } of play(ticks)) {
          if (arrivalsPerS >= rounds.startPerS) expect(isThick).toBe(true);
          else if (arrivalsPerS < rounds.stopPerS) expect(isThick).toBe(false);
          else expect(isThick).toBe(wasThick);
          wasThick = isThick;
        }
      }),
    );
  });

  it('a round is due as soon as it is thick, and then each time one has passed', () => {
    fc.assert(
      fc.property(anyTicks, (ticks) => {
        let lastAtMs = -Infinity;
        for (const { isThick, isDue, roundAtMs, nowMs } of play(ticks)) {
          expect(isDue).toBe(isThick && nowMs - lastAtMs >= rounds.everyMs);
          if (isDue) lastAtMs = nowMs;
          expect(roundAtMs).toBe(lastAtMs);
        }
      }),
    );
  });

  it('is never asked to go by rounds where nobody is to wait', () => {
    const never = { ...settings, hold: { ...hold, longestMs: 0 } };
    expect(scheduleRound(NO_ROUND_YET, { arrivalsPerS: 1e6, nowMs: 0 }, never).isThick).toBe(false);
  });

  it('a round comes no later than H, whatever is set', () => {
    const late = { rounds: { ...rounds, everyMs: 2_000 }, hold: { ...hold, longestMs: 400 } };
    const dues = play(
      Array.from({ length: 40 }, () => ({ arrivalsPerS: 500, lateMs: 0 })),
      late,
    ).filter((each) => each.isDue);
    const gaps = dues.slice(1).map(({ nowMs }, at) => nowMs - dues[at]!.nowMs);
    expect(new Set(gaps)).toEqual(new Set([400]));
  });

  it('a clock that goes back puts no round off', () => {
    const ahead = scheduleRound(NO_ROUND_YET, { arrivalsPerS: 500, nowMs: 60_000 }, settings);
    const back = scheduleRound(ahead, { arrivalsPerS: 500, nowMs: 1_000 }, settings);
    expect(back).toEqual({ isThick: true, isDue: true, roundAtMs: 1_000 });
    expect(scheduleRound(ahead, { arrivalsPerS: 0, nowMs: 1_000 }, settings).roundAtMs).toBe(1_000);
  });
});

import { describe, expect, it } from 'vitest';
import { RecentWaits } from './recent-waits.js';
import { aTicket } from './ticket.arbitrary.js';

const MINUTE_MS = 60_000;

describe('what the like have waited', () => {
  const waitsOf = (...seconds: number[]): RecentWaits => {
    const waits = new RecentWaits();
    for (const s of seconds) waits.observe(aTicket(), s * 1_000, MINUTE_MS);
    return waits;
  };

  it('is the median of five or more', () => {
    expect(waitsOf(9, 1, 5, 2).medianOf(aTicket(), MINUTE_MS)).toBeNull();
    expect(waitsOf(9, 1, 5, 2, 7).medianOf(aTicket(), MINUTE_MS)).toBe(5_000);
  });

  it('is unknown again ten minutes later', () => {
    const waits = waitsOf(9, 1, 5, 2, 7);
    expect(waits.medianOf(aTicket(), 10.9 * MINUTE_MS)).toBe(5_000);
    expect(waits.medianOf(aTicket(), 11 * MINUTE_MS)).toBeNull();
    waits.observe(aTicket(), 1, 11 * MINUTE_MS);
    expect(waits.medianOf(aTicket(), 11 * MINUTE_MS)).toBeNull();
  });

  it('is that of the same class and first language', () => {
    const waits = waitsOf(9, 1, 5, 2, 7);
    expect(waits.medianOf(aTicket({ languages: [0, 3] }), MINUTE_MS)).toBe(5_000);
    for (const other of [{ languages: [3, 0] }, { gender: 0 }, { seeksGenders: 1 }])
      expect(waits.medianOf(aTicket(other), MINUTE_MS)).toBeNull();
  });

  it('follows the newest', () => {
    const waits = waitsOf(...Array.from({ length: 60 }, () => 1));
    for (let i = 0; i < 51; i++) waits.observe(aTicket(), 9_000, MINUTE_MS);
    expect(waits.medianOf(aTicket(), MINUTE_MS)).toBe(9_000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slowConsumers } from './slow-consumers.js';
import type { Backlog } from './slow-consumers.js';

const KIB = 1_024;
const crowd = (count: number, backlog: Backlog): Backlog[] => Array.from({ length: count }, () => ({ ...backlog }));
const total = (all: Backlog[]): number => all.reduce((sum, { unread }) => sum + unread, 0);

const aBacklog = fc
  .record({ unread: fc.nat(1_200 * KIB), unreadMs: fc.nat(12_000), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ unread, unreadMs, share }) => ({ unread, unreadMs, stalledMs: unreadMs * share }));

describe('slow consumers', () => {
  it('are those who read nothing of more than 256 KiB for 5 s, or of anything for 10', () => {
    const [much, long, ...fine] = [
      { unread: 257 * KIB, unreadMs: 5_000, stalledMs: 5_000 },
      { unread: 1, unreadMs: 10_000, stalledMs: 10_000 },
      { unread: 257 * KIB, unreadMs: 4_999, stalledMs: 4_999 },
      { unread: 256 * KIB, unreadMs: 9_999, stalledMs: 9_999 },
    ] as const;
    expect(slowConsumers([much, long, ...fine])).toEqual([much, long]);
  });

  it('are not those who read, however slowly, up to 2 MiB', () => {
    const reading = { unread: 2_048 * KIB, unreadMs: 60_000, stalledMs: 1_000 };
    const flooded = { ...reading, unread: 2_049 * KIB };
    expect(slowConsumers([reading, flooded])).toEqual([flooded]);
  });

  it('are, of many who together leave more than 24 MiB unread, those who have been behind for longest', () => {
    const older = crowd(100, { unread: 200 * KIB, unreadMs: 4_000, stalledMs: 0 });
    const newer = crowd(100, { unread: 200 * KIB, unreadMs: 3_000, stalledMs: 3_000 });
    const slow = slowConsumers([...newer, ...older]);
    expect(slow.every(({ unreadMs }) => unreadMs === 4_000)).toBe(true);
    expect(total(newer) + total(older) - total(slow)).toBeLessThanOrEqual(24 * KIB * KIB);
    expect(slow.length).toBeLessThan(100);
  });

  it('are not a herd in the middle of reading', () => {
    expect(slowConsumers(crowd(2_000, { unread: 200 * KIB, unreadMs: 1_000, stalledMs: 1_000 }))).toEqual([]);
  });

  it('leave no more than 24 MiB unread, but for those who began to wait just now, for little', () => {
    fc.assert(
      fc.property(fc.array(aBacklog, { maxLength: 400 }), (all) => {
        const slow = new Set(slowConsumers(all));
        const rest = all.filter((backlog) => !slow.has(backlog));
        const isBounded =
          total(rest) <= 24 * KIB * KIB ||
          rest.every(({ unread, unreadMs }) => unread <= 256 * KIB && unreadMs < 2_000);
        const isRead = ({ unread, stalledMs }: Backlog): boolean => stalledMs < (unread > 256 * KIB ? 5_000 : 10_000);
        expect(isBounded && rest.every(isRead)).toBe(true);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slowConsumers } from './slow-consumers.js';
import type { Backlog } from './slow-consumers.js';

const KIB = 1_024;
const crowd = (count: number, backlog: Backlog): Backlog[] => Array.from({ length: count }, () => ({ ...backlog }));
const total = (all: Backlog[]): number => all.reduce((sum, { unread }) => sum + unread, 0);

const aBacklog = fc.record({ unread: fc.nat(400 * KIB), stalledMs: fc.nat(12_000) });

describe('slow consumers', () => {
  it('are those beyond 256 KiB or 10 s', () => {
    const [much, long, fine] = [
      { unread: 257 * KIB, stalledMs: 0 },
      { unread: 1, stalledMs: 10_000 },
      { unread: 256 * KIB, stalledMs: 9_999 },
    ];
    expect(slowConsumers([much, long, fine])).toEqual([much, long]);
  });

  it('are, of many who together leave more than 24 MiB unread, those who have not read for longest', () => {
    const older = crowd(100, { unread: 200 * KIB, stalledMs: 4_000 });
    const newer = crowd(100, { unread: 200 * KIB, stalledMs: 3_000 });
    const slow = slowConsumers([...newer, ...older]);
    expect(slow.every(({ stalledMs }) => stalledMs === 4_000)).toBe(true);
    expect(total(newer) + total(older) - total(slow)).toBeLessThanOrEqual(24 * KIB * KIB);
    expect(slow.length).toBeLessThan(100);
  });

  it('are not a herd in the middle of reading', () => {
    expect(slowConsumers(crowd(2_000, { unread: 200 * KIB, stalledMs: 1_000 }))).toEqual([]);
  });

  it('leave no more than 24 MiB unread, but for those who began to wait just now', () => {
    fc.assert(
      fc.property(fc.array(aBacklog, { maxLength: 400 }), (all) => {
        const slow = new Set(slowConsumers(all));
        const rest = all.filter((backlog) => !slow.has(backlog));
        const isBounded = total(rest) <= 24 * KIB * KIB || rest.every(({ stalledMs }) => stalledMs < 2_000);
        expect(isBounded && rest.every(({ unread, stalledMs }) => unread <= 256 * KIB && stalledMs < 10_000)).toBe(
          true,
        );
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConversationConfig, SessionConfig } from '../config/config.types.js';
import type { Audit } from '../platform/audit/audit.js';
import { Log } from '../platform/logging/log.js';
import { Metrics } from '../platform/metrics/metrics.js';
import type { Cursor } from './due-rows.js';
import type { Batch, RetentionRepository } from './retention.repository.js';
import { Retention } from './retention.service.js';

const log = new Log({ environment: 'test', logLevel: 'silent', rateLimits: false });
const { signal } = new AbortController();
const nothing = async (): Promise<Batch> => ({ count: 0, more: false });

const retentionOf = (rows: Partial<RetentionRepository>): Retention =>
  new Retention(
    {
      deleteDueMessages: nothing,
      deleteDueConversations: nothing,
      dropArchives: nothing,
      deleteRows: nothing,
      ...rows,
    } as RetentionRepository,
    log,
    { note: async () => {} } as unknown as Audit,
    { reconnectGraceMs: 1, idleMs: 1 } as ConversationConfig,
    { maxAgeMs: 1 } as SessionConfig,
    new Metrics(),
  );

/** Rows of which Postgres deletes at most `most` within the time of a statement. */
function slowRows(total: number, most: number) {
  let left = total;
  return {
    left: () => left,
    deleteBatch: async (limit: number): Promise<Batch> => {
      if (Math.min(limit, left) > most) throw Object.assign(new Error('canceling statement'), { code: '57014' });
      const count = Math.min(limit, left);
      left -= count;
      return { count, more: left > 0 };
    },
  };
}

describe('what is due', () => {
  it('goes, however few rows a statement has time for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 600 }), async (total, most) => {
        const rows = slowRows(total, most);
        await retentionOf({ deleteDueMessages: rows.deleteBatch }).deleteDue(signal);
        expect(rows.left()).toBe(0);
      }),
    );
  });

  it('is a failure when not even one row goes in time', async () => {
    const rows = slowRows(5, 0);
    await expect(retentionOf({ deleteDueMessages: rows.deleteBatch }).deleteDue(signal)).rejects.toThrow('canceling');
  });

  it('of one class does not wait for another that fails, and the run has failed', async () => {
    const reports = slowRows(5, 5);
    const retention = retentionOf({
      deleteDueMessages: () => Promise.reject(new Error('no such table')),
      deleteRows: (of, limit) => (of.table === 'reports' ? reports.deleteBatch(limit) : nothing()),
    });
    await expect(retention.deleteDue(signal)).rejects.toThrow('no such table');
    expect(reports.left()).toBe(0);
  });

  it('of one class does not wait for another that always has more', async () => {
    const reports = slowRows(1_200, 500);
    const stop = new AbortController();
    let batches = 0;
    const retention = retentionOf({
      deleteDueMessages: async () => {
        batches += 1;
        if (batches === 20 || reports.left() === 0) stop.abort();
        return { count: 500, more: true };
      },
      deleteRows: (of, limit) => (of.table === 'reports' ? reports.deleteBatch(limit) : nothing()),
    });
    await retention.deleteDue(stop.signal);
    expect(reports.left()).toBe(0);
  });

  it('of a class that is walked over goes batch by batch from where the last ended', async () => {
    const from: (Cursor | undefined)[] = [];
    const retention = retentionOf({
      deleteRows: async (of, _, cursor) => {
        if (of.table !== 'users') return nothing();
        from.push(cursor);
        return { count: 0, more: from.length < 3, next: [`day ${from.length}`, 'id'] };
      },
    });
    await retention.expireSessions(signal);
    expect(from).toEqual([undefined, ['day 1', 'id'], ['day 2', 'id']]);
  });
});

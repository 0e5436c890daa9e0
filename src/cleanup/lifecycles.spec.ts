import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  conversationEndsAt,
  conversationGoesAt,
  guestGoesAt,
  messagesGoAt,
  receiptGoesAt,
  sessionEndsAt,
  sessionGoesAt,
} from './lifecycles.js';

const duration = fc.integer({ min: 1, max: 60 * 86_400_000 });
const moment = fc.integer({ min: 0, max: 2_000_000_000_000 });

const limits = fc
  .record({ idleMs: duration, moreMs: duration, maxAgeMs: duration })
  .map(({ idleMs, moreMs, maxAgeMs }) => ({ guestIdleMs: idleMs, memberIdleMs: idleMs + moreMs, maxAgeMs }));

describe('a session', () => {
  it('slides with its use: never earlier for a later one, never past its greatest age', () => {
    fc.assert(
      fc.property(limits, moment, duration, duration, (of, createdAtMs, usedMs, laterMs) => {
        for (const kind of ['guest', 'member'] as const) {
          const ends = sessionEndsAt({ kind, createdAtMs, lastSeenAtMs: createdAtMs + usedMs }, of);
          const later = sessionEndsAt({ kind, createdAtMs, lastSeenAtMs: createdAtMs + usedMs + laterMs }, of);
          expect(later).toBeGreaterThanOrEqual(ends);
          expect(later).toBeLessThanOrEqual(createdAtMs + of.maxAgeMs);
        }
      }),
    );
  });

  it('that is used in time does not end before the idle time is over, but for its greatest age', () => {
    fc.assert(
      fc.property(limits, moment, duration, (of, createdAtMs, usedMs) => {
        const lastSeenAtMs = createdAtMs + usedMs;
        const ends = sessionEndsAt({ kind: 'guest', createdAtMs, lastSeenAtMs }, of);
        expect(ends).toBe(Math.min(lastSeenAtMs + of.guestIdleMs, createdAtMs + of.maxAgeMs));
      }),
    );
  });

  it("of a guest ends no later than a member's, and its row goes after it", () => {
    fc.assert(
      fc.property(limits, moment, duration, (of, createdAtMs, usedMs) => {
        const facts = { createdAtMs, lastSeenAtMs: createdAtMs + usedMs };
        const guest = sessionEndsAt({ kind: 'guest', ...facts }, of);
        expect(guest).toBeLessThanOrEqual(sessionEndsAt({ kind: 'member', ...facts }, of));
        expect(sessionGoesAt(guest)).toBeGreaterThan(guest);
      }),
    );
  });
});

describe('a guest', () => {
  it('goes when nothing leads to them, and never on the first day', () => {
    fc.assert(
      fc.property(moment, fc.boolean(), fc.boolean(), (createdAtMs, hasSession, isChatting) => {
        const goesAt = guestGoesAt({ createdAtMs, hasSession, isChatting });
        expect(goesAt).toBe(hasSession || isChatting ? undefined : createdAtMs + 86_400_000);
      }),
    );
  });
});

describe('a conversation', () => {
  const away = fc.option(moment, { nil: undefined });
  const open = fc.record({ lastActivityAtMs: moment, awaySinceMs: fc.tuple(away, away) });
  const bounds = fc.record({ reconnectGraceMs: duration, idleMs: duration });

  it('ends with the first grace that is over or with its silence: no earlier, no later', () => {
    fc.assert(
      fc.property(open, bounds, (facts, of) => {
        const endsAt = conversationEndsAt(facts, of);
        const ends = facts.awaySinceMs.flatMap((since) => (since === undefined ? [] : [since + of.reconnectGraceMs]));
        expect([...ends, facts.lastActivityAtMs + of.idleMs]).toContain(endsAt);
        for (const end of ends) expect(endsAt).toBeLessThanOrEqual(end);
        expect(endsAt).toBeLessThanOrEqual(facts.lastActivityAtMs + of.idleMs);
      }),
    );
  });

  it('is kept longer by a word, and by whoever comes back', () => {
    fc.assert(
      fc.property(open, bounds, duration, (facts, of, laterMs) => {
        const endsAt = conversationEndsAt(facts, of);
        const spoken = { ...facts, lastActivityAtMs: facts.lastActivityAtMs + laterMs };
        expect(conversationEndsAt(spoken, of)).toBeGreaterThanOrEqual(endsAt);
        const back = { ...facts, awaySinceMs: [undefined, facts.awaySinceMs[1]] };
        expect(conversationEndsAt(back, of)).toBeGreaterThanOrEqual(endsAt);
      }),
    );
  });

  it('is forgotten after what was said in it, never before', () => {
    const kept = fc.record({ messageRetentionMs: duration, factsRetentionMs: duration });
    fc.assert(
      fc.property(moment, kept, (endedAtMs, of) => {
        expect(messagesGoAt(endedAtMs, of)).toBeGreaterThan(endedAtMs);
        expect(conversationGoesAt(endedAtMs, of)).toBeGreaterThanOrEqual(messagesGoAt(endedAtMs, of));
      }),
    );
  });
});

it('a receipt is kept while the erasure is not carried out', () => {
  expect(receiptGoesAt(undefined)).toBeUndefined();
  expect(receiptGoesAt(0)).toBe(180 * 86_400_000);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Membership, Slot, StoredMessage } from './chat.types.js';
import { viewEnd, viewMessage, viewPage, viewPresence } from './conversation-view.js';

const viewer = { slot: 0, handle: 'h' } as Membership;
const aMessage = (seq: number, slot: Slot = 0): StoredMessage => ({
  seq,
  slot,
  clientId: `c${seq}`,
  text: 't',
  sentAt: new Date('2026-01-01T00:00:00.999Z'),
});

describe('viewMessage', () => {
  it('gives the client id to its sender alone, and the time to the second', () => {
    expect(viewMessage(aMessage(1, 0), viewer)).toEqual({
      conversationId: 'h',
      seq: 1,
      from: 'you',
      text: 't',
      sentAt: '2026-01-01T00:00:00.000Z',
      clientId: 'c1',
    });
    expect(viewMessage(aMessage(1, 1), viewer)).not.toHaveProperty('clientId');
    expect(viewMessage(aMessage(1, 1), viewer).from).toBe('partner');
  });
});

describe('viewPage', () => {
  it('is complete only when nothing is missing up to the newest', () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { maxLength: 8 });
    fc.assert(
      fc.property(seqs, fc.nat(9), fc.nat(8), (stored, after, lastSeq) => {
        const messages = stored
          .filter((seq) => seq > after && seq <= lastSeq)
          .sort((a, b) => a - b)
          .map((seq) => aMessage(seq));
        const wanted = Array.from({ length: Math.max(0, lastSeq - after) }, (_, i) => after + 1 + i);
        const whole = wanted.every((seq) => messages.some((m) => m.seq === seq));
        expect(viewPage({ messages, lastSeq }, after, viewer).complete).toBe(whole);
      }),
    );
  });
});

describe('viewEnd', () => {
  it.each([
    ['left', 0, 0, 'you_left'],
    ['left', 0, 1, 'partner_left'],
    ['abandoned', 1, 0, 'partner_left'],
    ['abandoned', 1, 1, 'you_left'],
    ['timeout', null, 0, 'timeout'],
    ['ended', null, 1, 'ended'],
  ] as const)('%s by %s is for %s: %s', (cause, bySlot, slot, reason) => {
    expect(viewEnd(cause, bySlot, slot)).toBe(reason);
  });
});

describe('viewPresence', () => {
  it('tells the end of the grace only while it runs', () => {
    const durations = { idleMs: 1, reconnectGraceMs: 45_000 };
    expect(viewPresence(null, durations)).toEqual({ state: 'here' });
    expect(viewPresence(new Date('2026-01-01T00:00:00Z'), durations)).toEqual({
      state: 'reconnecting',
      graceEndsAt: '2026-01-01T00:00:45.000Z',
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEND_PATIENCE_MS } from './backoff.js';
import {
  add,
  canRetry,
  discard,
  expire,
  giveChance,
  markSending,
  nextStep,
  recordFailure,
  retry,
  settle,
  untilExpiry,
  wake,
} from './outbox.js';
import type { Outbox, OutboxItem, SendFailure } from './outbox.js';

const busy: SendFailure = { code: 'BUSY', retryable: true, retryAfterMs: 0 };
const ended: SendFailure = { code: 'CONVERSATION_ENDED', retryable: false, retryAfterMs: 0 };
const at = (now: number) => ({ now, random: () => 0 });
const outboxOf = (...ids: string[]): Outbox =>
  ids.reduce<Outbox>((outbox, clientId) => add(outbox, { conversationId: 'c', clientId, text: clientId }, 0), []);
const item = (outbox: Outbox, clientId: string): OutboxItem => {
  const found = outbox.find((each) => each.clientId === clientId);
  if (!found) throw new Error(`no ${clientId} in the outbox`);
  return found;
};

describe('nextStep', () => {
  it('sends in the order of writing, one at a time', () => {
    const outbox = outboxOf('a', 'b');
    expect(nextStep(outbox, 0)).toMatchObject({ do: 'send', item: { clientId: 'a' } });
    expect(nextStep(markSending(outbox, 'a'), 0)).toEqual({ do: 'nothing' });
    expect(nextStep(settle(markSending(outbox, 'a'), new Set(['a'])), 0)).toMatchObject({ item: { clientId: 'b' } });
  });

  it('waits for the back-off of the head, and lets nobody overtake it', () => {
    const outbox = recordFailure(markSending(outboxOf('a', 'b'), 'a'), 'a', busy, at(1_000));
    expect(nextStep(outbox, 1_100)).toEqual({ do: 'wait', ms: 400 });
  });

  it('passes over what failed for good', () => {
    const outbox = recordFailure(markSending(outboxOf('a', 'b'), 'a'), 'a', ended, at(0));
    expect(nextStep(outbox, 0)).toMatchObject({ do: 'send', item: { clientId: 'b' } });
  });

  it('has at most one message under way, whatever happens', () => {
    const events = fc.array(fc.constantFrom('send', 'ok', 'busy', 'ended', 'write'), { maxLength: 60 });
    fc.assert(
      fc.property(events, (list) => {
        let outbox: Outbox = [];
        list.forEach((event, index) => {
          const now = index * 10_000;
          const sending = outbox.find((each) => each.status === 'sending');
          const step = nextStep(outbox, now);
          if (event === 'write') outbox = add(outbox, { conversationId: 'c', clientId: `${index}`, text: 'x' }, now);
          if (event === 'send' && step.do === 'send') outbox = markSending(outbox, step.item.clientId);
          if (event === 'ok' && sending) outbox = settle(outbox, new Set([sending.clientId]));
          if (event === 'busy' && sending) outbox = recordFailure(outbox, sending.clientId, busy, at(now));
          if (event === 'ended' && sending) outbox = recordFailure(outbox, sending.clientId, ended, at(now));
          expect(outbox.filter((each) => each.status === 'sending').length).toBeLessThanOrEqual(1);
        });
      }),
    );
  });
});

describe('recordFailure', () => {
  it('keeps the clientId and waits longer each time', () => {
    let outbox = outboxOf('a');
    const waits = [1, 2, 3, 4, 5, 6].map(() => {
      outbox = recordFailure(outbox, 'a', busy, at(0));
      return item(outbox, 'a').notBefore;
    });
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  });

  it('waits as long as the server asks', () => {
    const outbox = recordFailure(outboxOf('a'), 'a', { ...busy, retryAfterMs: 3_000 }, at(0));
    expect(item(outbox, 'a').notBefore).toBe(3_000);
  });

  it('gives up after two minutes, and then offers a retry', () => {
    const outbox = recordFailure(outboxOf('a'), 'a', busy, at(SEND_PATIENCE_MS));
    expect(item(outbox, 'a').status).toBe('failed');
    expect(canRetry(item(outbox, 'a'))).toBe(true);
  });

  it('gives up at once, without a retry, when the conversation has ended', () => {
    const outbox = recordFailure(outboxOf('a'), 'a', ended, at(0));
    expect(item(outbox, 'a')).toMatchObject({ status: 'failed', code: 'CONVERSATION_ENDED' });
    expect(canRetry(item(outbox, 'a'))).toBe(false);
  });

  it('does not blame the message when this connection was superseded', () => {
    const failure: SendFailure = { code: 'SUPERSEDED', retryable: false, retryAfterMs: 0 };
    expect(item(recordFailure(outboxOf('a'), 'a', failure, at(0)), 'a').status).toBe('waiting');
  });
});

describe('patience', () => {
  it('ends for waiting messages also while nothing can be sent', () => {
    expect(item(expire(outboxOf('a'), SEND_PATIENCE_MS), 'a')).toMatchObject({ status: 'failed', code: 'OFFLINE' });
  });

  it('does not end for a message under way, nor early', () => {
    const sending = markSending(outboxOf('a'), 'a');
    expect(expire(sending, SEND_PATIENCE_MS * 2)).toBe(sending);
    const waiting = outboxOf('a');
    expect(expire(waiting, SEND_PATIENCE_MS - 1)).toBe(waiting);
    expect(untilExpiry(waiting, 20_000)).toBe(SEND_PATIENCE_MS - 20_000);
    expect(untilExpiry(sending, 0)).toBeNull();
  });

  it('begins anew with a retry by hand, with the same clientId', () => {
    const failed = expire(outboxOf('a'), SEND_PATIENCE_MS);
    const again = retry(failed, 'a', SEND_PATIENCE_MS);
    expect(item(again, 'a')).toMatchObject({ clientId: 'a', status: 'waiting', failures: 0, since: SEND_PATIENCE_MS });
    expect(nextStep(again, SEND_PATIENCE_MS)).toMatchObject({ do: 'send' });
  });
});

describe('giveChance', () => {
  it('leaves patience for a try, and never more than there is', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 7), max: 10 ** 7 }), (now) => {
        const given = giveChance(outboxOf('a'), now);
        const left = untilExpiry(given, now) ?? 0;
        expect(left).toBeGreaterThanOrEqual(30_000);
        expect(left).toBeLessThanOrEqual(SEND_PATIENCE_MS);
        expect(giveChance(given, now)).toEqual(given);
      }),
    );
  });

  it('changes nothing about what is young enough, or has failed', () => {
    expect(giveChance(outboxOf('a'), 60_000)).toEqual(outboxOf('a'));
    const failed = expire(outboxOf('a'), SEND_PATIENCE_MS);
    expect(giveChance(failed, SEND_PATIENCE_MS * 9)).toEqual(failed);
  });
});

describe('discard and wake', () => {
  it('forgets only what failed', () => {
    expect(discard(outboxOf('a'), 'a')).toHaveLength(1);
    expect(discard(recordFailure(outboxOf('a'), 'a', ended, at(0)), 'a')).toHaveLength(0);
  });

  it('sends at once on a new connection, but nothing that failed', () => {
    const outbox = recordFailure(markSending(outboxOf('a', 'b'), 'a'), 'a', ended, at(0));
    const woken = wake(markSending(outbox, 'b'), 7);
    expect(item(woken, 'a').status).toBe('failed');
    expect(item(woken, 'b')).toMatchObject({ status: 'waiting', notBefore: 7 });
  });
});

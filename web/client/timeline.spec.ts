import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyTimeline, merge, nextHole, sentAhead, visible } from './timeline.js';
import type { Timeline } from './timeline.js';
import type { Message } from '../../src/contracts/state.dto.js';

const aMessage = (seq: number): Message => ({
  conversationId: 'c',
  seq,
  from: seq % 2 === 0 ? 'you' : 'partner',
  text: `text ${seq}`,
  sentAt: '2026-11-01T12:00:00.000Z',
});
const messages = (from: number, to: number): Message[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => aMessage(from + index));
const seqs = (list: readonly Message[]): number[] => list.map((message) => message.seq);
const anyBatches = fc.array(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 40 }), { maxLength: 8 });

describe('merge', () => {
  it('gives the same timeline in whatever order and however often messages come', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const merged = batches.reduce<Timeline>((known, batch) => merge(known, batch.map(aMessage)), emptyTimeline);
        const distinct = [...new Set(batches.flat())].sort((a, b) => a - b);
        expect(seqs(merged.messages)).toEqual(distinct);
        expect(merged.lastSeq).toBe(distinct.at(-1) ?? 0);
      }),
    );
  });

  it('keeps the copy it knows', () => {
    const known = merge(emptyTimeline, [aMessage(1)]);
    const again = merge(known, [{ ...aMessage(1), text: 'another copy' }]);
    expect(again.messages[0]).toBe(known.messages[0]);
  });

  it('never lets lastSeq go back', () => {
    expect(merge({ messages: [], lastSeq: 9 }, [aMessage(3)], 5).lastSeq).toBe(9);
  });
});

describe('visible', () => {
  it('is always one run without a hole', () => {
    fc.assert(
      fc.property(anyBatches, (batches) => {
        const shown = visible(merge(emptyTimeline, batches.flat().map(aMessage)));
        shown.forEach((message, index) => expect(message.seq).toBe((shown[0]?.seq ?? 0) + index));
      }),
    );
  });

  it('holds back what lies behind a hole', () => {
    expect(seqs(visible(merge(emptyTimeline, [...messages(1, 3), aMessage(5)])))).toEqual([1, 2, 3]);
  });
});

describe('sentAhead', () => {
  it('is what the user said behind a hole, and nothing of the partner', () => {
    const own: Message = { ...aMessage(5), from: 'you' };
    expect(sentAhead(merge(emptyTimeline, [...messages(1, 3), own, { ...aMessage(6), from: 'partner' }]))).toEqual([
      own,
    ]);
    expect(sentAhead(merge(emptyTimeline, [...messages(1, 4), own]))).toEqual([]);
  });

  it('is nothing that lies behind words of the partner: another tab may have sent it', () => {
    const theirs: Message = { ...aMessage(5), from: 'partner' };
    expect(sentAhead(merge(emptyTimeline, [...messages(1, 3), theirs, aMessage(6)]))).toEqual([]);
  });
});

describe('nextHole', () => {
  it('asks first for what came last', () => {
    expect(nextHole(merge(emptyTimeline, [...messages(4, 6), aMessage(9)]))).toEqual({ after: 6, limit: 100 });
  });

  it('then for what came before, in pages that touch what is shown', () => {
    expect(nextHole(merge(emptyTimeline, messages(251, 300)))).toEqual({ after: 150, limit: 100 });
    expect(nextHole(merge(emptyTimeline, messages(51, 100)))).toEqual({ after: 0, limit: 50 });
  });

  it('is null for a whole and for an empty conversation', () => {
    expect(nextHole(merge(emptyTimeline, messages(1, 4)))).toBeNull();
    expect(nextHole(emptyTimeline)).toBeNull();
  });

  it('leads to the whole history from any partial knowledge, never hiding what was shown', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), anyBatches, (lastSeq, batches) => {
        const known = batches.flat().filter((seq) => seq <= lastSeq);
        let timeline = merge(emptyTimeline, known.map(aMessage), lastSeq);
        let shown = visible(timeline).length;
        for (let hole = nextHole(timeline); hole !== null; hole = nextHole(timeline)) {
          const page = messages(hole.after + 1, Math.min(hole.after + hole.limit, lastSeq));
          expect(page.length).toBeGreaterThan(0);
          timeline = merge(timeline, page);
          expect(visible(timeline).length).toBeGreaterThan(shown);
          shown = visible(timeline).length;
        }
        expect(seqs(visible(timeline))).toEqual(seqs(messages(1, lastSeq)));
      }),
    );
  });
});

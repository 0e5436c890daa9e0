import { describe, expect, it } from 'vitest';
import type { KnownConversation } from './client-knowledge.service.js';
import { findGaps } from './find-gaps.js';
import type { TrueConversation } from './find-gaps.js';
import { KnownSeqs } from './known-seqs.js';

const known = (over: Partial<KnownConversation> = {}): KnownConversation => ({
  handle: 'h',
  seqs: new KnownSeqs(3),
  presence: 'here',
  ...over,
});
const truth = (over: Partial<TrueConversation> = {}): TrueConversation => ({
  conversationId: '1',
  handle: 'h',
  lastSeq: 3,
  selfAway: false,
  partnerAwaySince: null,
  ...over,
});

describe('findGaps', () => {
  it('finds nothing where client and truth agree', () => {
    expect(findGaps(undefined, undefined)).toBeUndefined();
    expect(findGaps(known(), truth())).toBeUndefined();
    expect(findGaps(known({ presence: 'reconnecting' }), truth({ partnerAwaySince: new Date() }))).toBeUndefined();
  });

  it('finds a conversation that began or ended unheard', () => {
    expect(findGaps(undefined, truth({ lastSeq: 0 }))).toMatchObject({ started: true });
    expect(findGaps(undefined, truth())).toMatchObject({ started: true, messagesAfter: 0 });
    expect(findGaps(known(), undefined)).toMatchObject({ ended: 'h', started: false });
    expect(findGaps(known(), truth({ handle: 'other' }))).toMatchObject({
      ended: 'h',
      started: true,
      messagesAfter: 0,
    });
  });

  it('finds lost messages, also before one that came through', () => {
    expect(findGaps(known(), truth({ lastSeq: 4 }))).toMatchObject({ messagesAfter: 3 });
    const seqs = new KnownSeqs(3);
    seqs.add(5);
    expect(findGaps(known({ seqs }), truth({ lastSeq: 5 }))).toMatchObject({ messagesAfter: 3 });
  });

  it('finds a wrong presence on either side', () => {
    expect(findGaps(known(), truth({ partnerAwaySince: new Date() }))).toMatchObject({ presence: true });
    expect(findGaps(known({ presence: 'reconnecting' }), truth())).toMatchObject({ presence: true });
    expect(findGaps(known(), truth({ selfAway: true }))).toMatchObject({ selfAway: true, presence: false });
  });
});

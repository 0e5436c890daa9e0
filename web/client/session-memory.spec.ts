import { describe, expect, it } from 'vitest';
import { SessionMemory } from './session-memory.js';
import type { KeyValueStorage } from './session-memory.js';
import { initialSnapshot } from './snapshot.js';
import type { Snapshot } from './snapshot.js';

const aStorage = (): KeyValueStorage & { values: Map<string, string> } => {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
};

const item = (conversationId: string) => ({
  conversationId,
  clientId: conversationId,
  text: 'χαῖρε',
  since: 0,
  failures: 0,
  notBefore: 0,
  status: 'waiting' as const,
});

const aSnapshot: Snapshot = {
  ...initialSnapshot,
  user: { id: 'u1', kind: 'guest', profile: { ageBand: '25-34', languages: ['el'], interests: [] } },
  outbox: [item('c1'), item('c0')],
  chat: {
    conversation: {
      id: 'c1',
      startedAt: '2026-11-01T12:00:00Z',
      idleEndsAt: '2026-11-01T12:15:00Z',
      partner: { nickname: 'Zeno', ageBand: '25-34', languages: ['el'], sharedInterests: [] },
      presence: { state: 'here' },
    },
    timeline: { messages: [], lastSeq: 0 },
    partnerTyping: false,
    seenByPartner: 4,
  },
};

describe('SessionMemory', () => {
  it('gives back the conversation with its outbox and seen mark, and no other conversation’s', () => {
    const storage = aStorage();
    new SessionMemory(storage).save(aSnapshot);
    expect(new SessionMemory(storage).load('u1')).toEqual({
      conversation: aSnapshot.chat?.conversation,
      outbox: [item('c1')],
      seenByPartner: 4,
    });
  });

  it('tells nobody else', () => {
    const storage = aStorage();
    new SessionMemory(storage).save(aSnapshot);
    expect(new SessionMemory(storage).load('u2')).toEqual({ outbox: [], seenByPartner: 0 });
  });

  it('keeps what it has while no user is known, and forgets when told', () => {
    const storage = aStorage();
    const memory = new SessionMemory(storage);
    memory.save(aSnapshot);
    memory.save(initialSnapshot);
    expect(memory.load('u1').outbox).toHaveLength(1);
    memory.forget();
    expect(storage.values.size).toBe(0);
  });

  it('does without a storage, with a broken one and with nonsense in it', () => {
    const throwing = () => {
      throw new Error('QuotaExceededError');
    };
    const broken = new SessionMemory({ getItem: throwing, setItem: throwing, removeItem: throwing });
    broken.save(aSnapshot);
    broken.forget();
    const nonsense = new SessionMemory({ ...aStorage(), getItem: () => '{"userId":"u1"' });
    for (const memory of [broken, nonsense, new SessionMemory(undefined)]) {
      expect(memory.load('u1')).toEqual({ outbox: [], seenByPartner: 0 });
    }
  });
});

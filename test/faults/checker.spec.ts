import { describe, expect, it } from 'vitest';
import { check } from './checker.js';
import type { History, Seen, Send, View } from './history.js';

const KEY = 'ada+bob@t';

const aSend = (n: number, over: Partial<Send> = {}): Send => ({
  bot: n % 2 ? 'ada' : 'bob',
  conversation: KEY,
  clientId: `${n}`,
  text: `m${n}`,
  invokedAt: n,
  attempts: 1,
  outcome: 'ok',
  seq: n,
  ...over,
});
const seen = (bot: string, count: number): Seen[] =>
  Array.from({ length: count }, (_, i) => ({
    seq: i + 1,
    from: ((i + 1) % 2 ? 'ada' : 'bob') === bot ? 'you' : 'partner',
    text: `m${i + 1}`,
  }));
const aView = (bot: 'ada' | 'bob', over: Partial<View> = {}): View => ({
  bot,
  partner: bot === 'ada' ? 'bob' : 'ada',
  conversation: KEY,
  handle: bot,
  live: seen(bot, 4),
  final: seen(bot, 4),
  ...over,
});
const aHistory = (over: Partial<History> = {}): History => ({
  sends: [1, 2, 3, 4].map((n) => aSend(n)),
  views: [aView('ada'), aView('bob')],
  takeOvers: [{ bot: 'ada', newerReadyAt: 0, olderClosedAt: 900 }],
  silences: [{ bot: 'ada', ms: 5_000 }],
  stored: [
    {
      conversation: KEY,
      members: ['ada', 'bob'],
      startedAt: 0,
      endedAt: null,
      texts: [1, 2, 3, 4].map((n) => ({ seq: n, text: `m${n}`, sender: n % 2 ? 'ada' : 'bob' })),
    },
  ],
  incidents: [],
  ...over,
});
/** Acknowledged at once, one after the other. */
const timed = (sends: Send[]): Send[] =>
  sends.map((send, i) => ({ ...send, invokedAt: 10 * i, answeredAt: 10 * i + 1 }));
const anotherView = (bot: string, partner: string): View => {
  const both: Seen[] = [1, 2].map((n) => ({ seq: n, from: bot === 'eve' ? 'you' : 'partner', text: `e${n}` }));
  return { bot, partner, conversation: 'bob+eve@t', handle: `${bot}2`, live: both, final: both };
};
const found = (over: Partial<History>): string[] =>
  [...new Set(check(aHistory(over)).map((v) => v.invariant))].toSorted();
const without = <T>(all: T[], index: number): T[] => all.toSpliced(index, 1);

describe('the checker', () => {
  it('passes what the contract allows: a take-over until Redis is back, a start that was missed because the end came soon', () => {
    expect(found({ takeOvers: [{ bot: 'ada', newerReadyAt: 0, redisBackAt: 2_000, olderClosedAt: 6_900 }] })).toEqual(
      [],
    );
    expect(found({ views: [aView('ada')], stored: [{ ...aHistory().stored![0]!, endedAt: 9 }] })).toEqual([]);
  });

  it('passes a history in which all went well, and unknown outcomes either way', () => {
    expect(check(aHistory())).toEqual([]);
    expect(
      found({ sends: [...aHistory().sends, aSend(5, { outcome: 'info' }), aSend(6, { outcome: 'fail' })] }),
    ).toEqual([]);
    expect(found({ sends: aHistory().sends.with(3, aSend(4, { outcome: 'info' })) })).toEqual([]);
    expect(found({ views: [aView('ada', { isOpen: true }), aView('bob', { live: seen('bob', 3) })] })).toEqual([]);
  });

  const stored = aHistory().stored!;
  const [conversation] = stored;
  const mutants: [string, Partial<History>, string[]][] = [
    [
      'an acknowledged message is lost',
      { views: [aView('ada'), aView('bob', { final: seen('bob', 3) })] },
      ['I2', 'I4'],
    ],
    [
      'it is lost for both',
      { views: [aView('ada', { final: seen('ada', 3) }), aView('bob', { final: seen('bob', 3) })] },
      ['I2', 'I4'],
    ],
    ['it is lost in Postgres', { stored: [{ ...conversation!, texts: without(conversation!.texts, 3) }] }, ['I2']],
    ['a conversation cannot be read', { views: [aView('ada', { final: undefined as never })] }, ['I2']],
    [
      'a message is there twice',
      {
        views: ['ada' as const, 'bob' as const].map((b) =>
          aView(b, { final: [...seen(b, 4), { seq: 5, from: 'you', text: 'm1' }] }),
        ),
      },
      ['I2'],
    ],
    [
      'whoever stayed was never told of a message that can be read',
      { views: [aView('ada'), aView('bob', { live: seen('bob', 3), isOpen: true })] },
      ['I2'],
    ],
    ['a refused message is there', { sends: aHistory().sends.with(1, aSend(2, { outcome: 'fail' })) }, ['I3']],
    ['a place is skipped', { views: [aView('ada', { final: without(seen('ada', 4), 1) })] }, ['I2', 'I4']],
    [
      'two messages change places for one',
      {
        views: [
          aView('ada'),
          aView('bob', {
            final: seen('bob', 4)
              .with(0, { seq: 1, from: 'you', text: 'm2' })
              .with(1, { seq: 2, from: 'you', text: 'm1' }),
          }),
        ],
      },
      ['I4'],
    ],
    ['a sender is overtaken by themselves', { sends: [aSend(3), aSend(1), aSend(2), aSend(4)] }, ['I4']],
    [
      'a seq is told with two texts',
      { views: [aView('ada', { live: [...seen('ada', 4), { seq: 2, from: 'partner', text: 'm3' }] }), aView('bob')] },
      ['I4'],
    ],
    [
      'a foreign text appears',
      { views: [aView('ada', { live: [...seen('ada', 4), { seq: 5, from: 'partner', text: 'x' }] }), aView('bob')] },
      ['I5'],
    ],
    ['somebody talks with themselves', { views: [aView('ada', { partner: 'ada' })] }, ['I1']],
    [
      'a pair is not symmetric: bob is told of another partner, and Postgres knows of no such pair',
      { views: [aView('ada'), aView('bob', { partner: 'eve', conversation: 'bob+eve@t' })] },
      ['I1', 'I2', 'I5'],
    ],
    [
      'a user is acknowledged in one conversation while the other goes on, without a look at Postgres',
      {
        stored: undefined,
        sends: [
          ...timed([1, 2, 3, 4].map((n) => aSend(n))),
          ...timed([1, 2].map((n) => aSend(n, { bot: 'eve', conversation: 'bob+eve@t', text: `e${n}` }))),
        ],
        views: [...aHistory().views, anotherView('eve', 'bob'), anotherView('bob', 'eve')],
      },
      ['I1'],
    ],
    [
      'a partner is never told of a conversation in which much is said',
      {
        stored: undefined,
        views: [aView('ada')],
        sends: aHistory().sends.map((send, i) => ({ ...send, answeredAt: i * 12_000 })),
      },
      ['I2'],
    ],
    ['a partner is never told of a conversation that is still open', { views: [aView('ada')] }, ['I2']],
    [
      'a user is in two conversations',
      {
        stored: [
          conversation!,
          { ...conversation!, conversation: 'ada+eve@t', members: ['ada', 'eve'], startedAt: 5, texts: [] },
        ],
      },
      ['I1'],
    ],
    ['an old connection lives on', { takeOvers: [{ bot: 'ada', newerReadyAt: 0 }] }, ['I6']],
    ['it lives too long', { takeOvers: [{ bot: 'ada', newerReadyAt: 0, olderClosedAt: 1_600 }] }, ['I6']],
    [
      'it lives too long after Redis is back',
      { takeOvers: [{ bot: 'ada', newerReadyAt: 0, redisBackAt: 2_000, olderClosedAt: 7_600 }] },
      ['I6'],
    ],
    ['a searcher hears nothing', { silences: [{ bot: 'ada', ms: 16_000 }] }, ['I7']],
    ['a process complains', { incidents: ['unhandledRejection in api0'] }, ['I8']],
  ];
  it.each(mutants)('sees that %s', (_, over, invariants) => {
    expect(found(over)).toEqual(invariants);
  });
});

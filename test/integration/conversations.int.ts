import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConversationEnded } from '../../src/chat/chat.events.js';
import { NotFound } from '../../src/platform/errors/stoa-error.js';
import { ChatStage, callerOf } from '../support/chat-stage.js';

let stage: ChatStage;
beforeAll(async () => {
  stage = await ChatStage.start();
});
afterAll(() => stage.stop());

const open = (pairs: [string, string][]) =>
  stage.database.transaction((tx) =>
    stage.conversations.open(
      tx,
      pairs.map(([userA, userB]) => ({ userA, userB, sharedInterests: [] })),
    ),
  );

describe('opening', () => {
  it('shows each the other as they were, under a handle of their own', async () => {
    const opened = await stage.openConversation(['chess']);
    stage.conversations.announce([opened]);
    const [ada, other] = opened.members;
    expect(stage.sentTo(ada.userId, 'conversation:started')).toMatchObject([
      { id: ada.handle, partner: { nickname: 'Stranger', sharedInterests: ['chess'] }, presence: { state: 'here' } },
    ]);
    expect(stage.sentTo(other.userId, 'conversation:started')).toMatchObject([
      { id: other.handle, partner: { nickname: 'Ada', ageBand: '25-34', languages: ['en'] } },
    ]);
    expect(ada.handle).not.toBe(other.handle);
    expect(Buffer.from(ada.handle, 'base64url')).toHaveLength(16);
  });

  it('refuses whoever chats or is gone, and opens the rest of the batch', async () => {
    const [a, b, c, d, e] = await Promise.all(Array.from({ length: 5 }, () => stage.addUser()));
    const ghost = randomUUID();
    const outcomes = await open([
      [a!, b!],
      [b!, c!],
      [ghost, c!],
      [c!, d!],
      [e!, a!],
    ]);
    expect(outcomes).toMatchObject([
      { opened: true },
      { opened: false, a: 'chatting', b: 'free' },
      { opened: false, a: 'gone', b: 'free' },
      { opened: true },
      { opened: false, a: 'free', b: 'chatting' },
    ]);
  });

  it('keeps everybody in one conversation at most when many open at once', async () => {
    const users = await Promise.all(Array.from({ length: 12 }, () => stage.addUser()));
    const batches = Array.from({ length: 24 }, (_, i) =>
      Array.from({ length: 3 }, (__, j): [string, string] => {
        const first = (i * 5 + j * 7) % 12;
        return [users[first]!, users[(first + 1 + ((i + j) % 11)) % 12]!];
      }),
    );
    const outcomes = (await Promise.all(batches.map(open))).flat();
    const talking = outcomes.flatMap((o) => (o.opened ? o.conversation.members.map((m) => m.userId) : []));
    expect(new Set(talking).size).toBe(talking.length);
    expect(talking.length).toBeGreaterThanOrEqual(10);
    const [row] = await stage.database.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM participations WHERE user_id = ANY ($1)',
      [users],
    );
    expect(row?.n).toBe(talking.length);
  });

  it('starts when the last conversation of its members is over, however long its transaction has waited', async () => {
    const { members, conversationId } = await stage.openConversation();
    const [a, b] = members;
    const [again] = await stage.database.transaction(async (late) => {
      await late.query('SELECT');
      await stage.conversations.leave(callerOf(a.userId), a.handle);
      return stage.conversations.open(late, [{ userA: a.userId, userB: b.userId, sharedInterests: [] }]);
    });
    if (!again?.opened) throw new Error('they were free');
    const [times] = await stage.database.query(
      `SELECT n.started_at >= o.ended_at AS after_the_end FROM conversations o, conversations n WHERE o.id = $1 AND n.id = $2`,
      [conversationId, again.conversation.conversationId],
    );
    expect(times).toEqual({ after_the_end: true });
  });
});

describe('ending', () => {
  it('frees both, tells the partner, and is written once when both leave at once', async () => {
    const ends: ConversationEnded[] = [];
    stage.events.on(ConversationEnded, (event) => void ends.push(event));
    const { members, conversationId } = await stage.openConversation();
    const [a, b] = members;
    await Promise.all([
      stage.conversations.leave(callerOf(a.userId), a.handle),
      stage.conversations.leave(callerOf(b.userId), b.handle),
      stage.conversations.leave(callerOf(a.userId), a.handle),
    ]);
    await stage.conversations.leave(callerOf(a.userId), a.handle);
    const notices = [...stage.sentTo(a.userId, 'conversation:ended'), ...stage.sentTo(b.userId, 'conversation:ended')];
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatchObject({ reason: 'partner_left' });
    expect(ends).toMatchObject([{ facts: { conversationId, cause: 'left' } }]);
    expect(await stage.conversations.stateOf(a.userId)).toBeUndefined();
    const audit = await stage.database.query(
      `SELECT FROM audit_events WHERE event = 'conversation.end' AND target = $1`,
      [conversationId],
    );
    expect(audit).toHaveLength(1);
    await open([[a.userId, b.userId]]).then(([again]) => expect(again?.opened).toBe(true));
  });

  it('is after the last message, however long its transaction has waited', async () => {
    const { members, conversationId } = await stage.openConversation();
    const [a] = members;
    await stage.database.transaction(async (late) => {
      await late.query('SELECT');
      const words = { conversationId: a.handle, clientId: randomUUID(), text: 'last words' };
      await stage.messages.send(callerOf(a.userId), words);
      await late.query('SELECT * FROM end_conversations($1, $2, $3, $4)', [
        [conversationId],
        'left',
        [a.userId],
        60_000,
      ]);
    });
    const [times] = await stage.database.query(
      `SELECT c.ended_at >= m.sent_at AS after_the_message FROM conversations c
         JOIN messages m ON m.conversation_id = c.id AND m.started_on = c.started_on WHERE c.id = $1`,
      [conversationId],
    );
    expect(times).toEqual({ after_the_message: true });
  });

  it('answers a foreign and a made-up handle alike', async () => {
    const { members } = await stage.openConversation();
    const stranger = callerOf(await stage.addUser());
    await expect(stage.conversations.leave(stranger, members[0].handle)).rejects.toBeInstanceOf(NotFound);
    await expect(stage.conversations.leave(callerOf(members[1].userId), members[0].handle)).rejects.toBeInstanceOf(
      NotFound,
    );
    await expect(stage.conversations.leave(stranger, 'made-up')).rejects.toBeInstanceOf(NotFound);
  });

  it('tells both of an end that nobody chose, without its cause', async () => {
    const { members, conversationId } = await stage.openConversation();
    await stage.conversations.end(conversationId, 'ended', null);
    for (const { userId, handle } of members)
      expect(stage.sentTo(userId, 'conversation:ended')).toEqual([{ conversationId: handle, reason: 'ended' }]);
  });
});

describe('grace and silence', () => {
  const age = (column: string, table: string, id: string, seconds: number) =>
    stage.database.query(
      `UPDATE ${table} SET ${column} = now() - $2 * interval '1 second' WHERE ${table === 'conversations' ? 'id' : 'user_id'} = $1`,
      [id, seconds],
    );

  it('shows a lost partner as reconnecting, and as here after the return', async () => {
    const { members } = await stage.openConversation();
    const [a, b] = members;
    await Promise.all([
      stage.attendance.markAway({ userId: a.userId, generation: 1 }),
      stage.attendance.markAway({ userId: a.userId, generation: 1 }),
    ]);
    const seen = await stage.conversations.stateOf(b.userId);
    expect(seen?.conversation.presence.state).toBe('reconnecting');
    const graceLeft = Date.parse(seen?.conversation.presence.graceEndsAt ?? '') - Date.now();
    expect(graceLeft).toBeGreaterThan(43_000);
    expect(graceLeft).toBeLessThanOrEqual(45_100);
    await stage.attendance.markHere({ userId: a.userId, generation: 2 });
    expect(stage.sentTo(b.userId, 'partner:presence')).toMatchObject([
      { conversationId: b.handle, state: 'reconnecting' },
      { conversationId: b.handle, state: 'here' },
    ]);
    expect(await stage.ending.endAbandoned()).toBe(0);
  });

  it('does not count a goodbye that lands after the return', async () => {
    const { members } = await stage.openConversation();
    const [a, b] = members;
    const [first, second] = [1, 2].map((generation) => ({ userId: a.userId, generation }));
    await stage.attendance.markHere(second!);
    await stage.attendance.markAway(first!);
    expect(stage.sentTo(b.userId, 'partner:presence')).toEqual([]);
    // The second connection's own goodbye counts, and a return over it that was noted late as well.
    await stage.attendance.markAway(second!);
    await stage.attendance.markHere({ userId: a.userId, generation: 3 });
    await Promise.all([stage.attendance.markHere(first!), stage.attendance.markAway(second!)]);
    expect(stage.sentTo(b.userId, 'partner:presence').map(({ state }) => state)).toEqual(['reconnecting', 'here']);
    expect(await stage.attendance.membersHere(undefined, 9_999)).toContainEqual({ userId: a.userId, generation: 3 });
  });

  it('leaves both here when the goodbye and the return wait for the same row', async () => {
    const { members } = await stage.openConversation();
    const { userId } = members[0];
    const marks = [
      () => stage.attendance.markAway({ userId, generation: 1 }),
      () => stage.attendance.markHere({ userId, generation: 2 }),
    ];
    for (const order of [marks, marks.toReversed()]) {
      const waiting: Promise<void>[] = [];
      await stage.database.transaction(async (tx) => {
        await tx.query('SELECT FROM participations WHERE user_id = $1 FOR UPDATE', [userId]);
        for (const mark of order) {
          waiting.push(mark());
          await sleep(50);
        }
      });
      await Promise.all(waiting);
      expect(await stage.attendance.membersHere(undefined, 9_999)).toContainEqual({ userId, generation: 2 });
    }
  });

  it('ends after the grace, and not before', async () => {
    const { members } = await stage.openConversation();
    const [a, b] = members;
    await stage.attendance.markAway({ userId: a.userId, generation: 1 });
    await age('away_since', 'participations', a.userId, 44);
    expect(await stage.ending.endAbandoned()).toBe(0);
    await age('away_since', 'participations', a.userId, 46);
    expect(await stage.ending.endAbandoned()).toBe(1);
    expect(await stage.ending.endAbandoned()).toBe(0);
    expect(stage.sentTo(b.userId, 'conversation:ended')).toEqual([
      { conversationId: b.handle, reason: 'partner_left' },
    ]);
  });

  it('is ended by whoever was lost first, where both are', async () => {
    const opened = await Promise.all(Array.from({ length: 40 }, () => stage.openConversation()));
    const lostFirst = new Map(opened.map(({ conversationId }, i) => [conversationId, i % 2]));
    for (const { conversationId, members } of opened)
      for (const [slot, { userId }] of members.entries()) {
        await stage.attendance.markAway({ userId, generation: 1 });
        await age('away_since', 'participations', userId, slot === lostFirst.get(conversationId) ? 90 : 60);
      }
    expect(await stage.ending.endAbandoned()).toBe(opened.length);
    const rows = await stage.database.query<{ id: string; by: number }>(
      'SELECT id, ended_by_slot AS by FROM conversations WHERE id = ANY ($1)',
      [[...lostFirst.keys()]],
    );
    expect(new Map(rows.map(({ id, by }) => [id, by]))).toEqual(lostFirst);
  });

  it('ends a silent conversation with a timeout; a message or a seen mark keeps it', async () => {
    const { members, conversationId } = await stage.openConversation();
    const [a, b] = members;
    await age('last_activity_at', 'conversations', conversationId, 901);
    await stage.messages.send(callerOf(a.userId), {
      conversationId: a.handle,
      clientId: randomUUID(),
      text: 'still here',
    });
    expect(await stage.ending.endIdle()).toBe(0);
    await age('last_activity_at', 'conversations', conversationId, 901);
    await stage.messages.see(callerOf(b.userId), { conversationId: b.handle, seq: 1 });
    const isFresh = () =>
      stage.database.query(
        `SELECT FROM conversations WHERE id = $1 AND last_activity_at > now() - interval '10 seconds'`,
        [conversationId],
      );
    await expect.poll(isFresh).toHaveLength(1);
    expect(await stage.ending.endIdle()).toBe(0);
    await age('last_activity_at', 'conversations', conversationId, 901);
    expect(await stage.ending.endIdle()).toBe(1);
    expect(stage.sentTo(a.userId, 'conversation:ended')).toMatchObject([{ reason: 'timeout' }]);
  });
});

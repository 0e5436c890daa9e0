import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConversationIsOver, MessageIdReused, MessageRefused } from '../../src/chat/chat.errors.js';
import type { OpenedConversation, Slot } from '../../src/chat/chat.types.js';
import { MessageRepository } from '../../src/chat/message.repository.js';
import type { State } from '../../src/contracts/state.dto.js';
import { NotFound } from '../../src/platform/errors/stoa-error.js';
import { ChatStage, callerOf } from '../support/chat-stage.js';

let stage: ChatStage;
beforeAll(async () => {
  stage = await ChatStage.start();
});
afterAll(() => stage.stop());

interface Send {
  slot?: Slot;
  text?: string;
  clientId?: string;
}

function send({ members }: OpenedConversation, { slot = 0, text = 'hello', clientId = randomUUID() }: Send = {}) {
  const { userId, handle } = members[slot];
  return stage.messages.send(callerOf(userId), { conversationId: handle, clientId, text });
}

function sync({ members }: OpenedConversation, after = 0, { slot = 0, limit }: { slot?: Slot; limit?: number } = {}) {
  const { userId, handle } = members[slot];
  return stage.history.sync(callerOf(userId), { conversationId: handle, after, ...(limit ? { limit } : {}) });
}

describe('sending', () => {
  it('answers the place of a message and hands it to the partner only', async () => {
    const conversation = await stage.openConversation();
    const [a, b] = conversation.members;
    const clientId = randomUUID();
    const sent = await send(conversation, { text: ' hi ', clientId });
    expect(sent).toMatchObject({ seq: 1, duplicate: false });
    expect(sent.sentAt).toMatch(/:\d\d\.000Z$/);
    expect(stage.sentTo(b.userId, 'message:new')).toEqual([
      { conversationId: b.handle, seq: 1, from: 'partner', text: 'hi', sentAt: sent.sentAt },
    ]);
    expect(stage.sentTo(a.userId, 'message:new')).toEqual([]);
    expect((await sync(conversation)).messages).toEqual([
      { conversationId: a.handle, seq: 1, from: 'you', text: 'hi', sentAt: sent.sentAt, clientId },
    ]);
  });

  it('stores twins once, whichever process and batch they come in', async () => {
    const conversation = await stage.openConversation();
    const clientId = randomUUID();
    const twins = await Promise.all(Array.from({ length: 20 }, () => send(conversation, { clientId })));
    expect(new Set(twins.map((t) => t.seq))).toEqual(new Set([1]));
    expect(twins.filter((t) => !t.duplicate)).toHaveLength(1);
    const { conversationId, members } = conversation;
    const item = { conversationId, userId: members[0].userId, clientId: randomUUID(), text: 'again' };
    const calls = await Promise.all(Array.from({ length: 8 }, () => stage.messageRows.append([item, item])));
    expect(calls.flat().map((c) => c.seq)).toEqual(Array.from({ length: 16 }, () => 2));
    expect(calls.flat().filter((c) => c.outcome === 'stored')).toHaveLength(1);
  });

  it('refuses another text under a known id, in the same batch too', async () => {
    const conversation = await stage.openConversation();
    const clientId = randomUUID();
    await send(conversation, { clientId, text: 'one' });
    await expect(send(conversation, { clientId, text: 'two' })).rejects.toBeInstanceOf(MessageIdReused);
    await expect(send(conversation, { slot: 1, clientId, text: 'two' })).resolves.toMatchObject({ seq: 2 });
    const { conversationId, members } = conversation;
    const item = { conversationId, userId: members[0].userId, clientId: randomUUID() };
    const outcomes = await stage.messageRows.append([
      { ...item, text: 'x' },
      { ...item, text: 'y' },
      { ...item, text: 'x' },
    ]);
    expect(outcomes.map((o) => [o.outcome, o.seq])).toEqual([
      ['stored', 3],
      ['reused', null],
      ['duplicate', 3],
    ]);
  });

  it('after the end: a lost acknowledgement is given again, new texts are refused', async () => {
    const conversation = await stage.openConversation();
    const clientId = randomUUID();
    await send(conversation, { clientId });
    await stage.conversations.end(conversation.conversationId, 'timeout', null);
    await expect(send(conversation, { clientId })).resolves.toMatchObject({ seq: 1, duplicate: true });
    await expect(send(conversation)).rejects.toBeInstanceOf(ConversationIsOver);
    expect(stage.sentTo(conversation.members[1].userId, 'message:new')).toHaveLength(1);
    const { userId, handle } = conversation.members[0];
    const caller = callerOf(userId);
    await expect(stage.messages.setTyping(caller, { conversationId: handle, typing: true })).rejects.toBeInstanceOf(
      ConversationIsOver,
    );
    await expect(stage.messages.see(caller, { conversationId: handle, seq: 1 })).rejects.toBeInstanceOf(
      ConversationIsOver,
    );
    expect(await sync(conversation)).toMatchObject({ lastSeq: 1, complete: true });
  });

  it('tells the partner when the outcome of the first try was not known', async () => {
    const conversation = await stage.openConversation();
    const [, b] = conversation.members;
    const rows = new MessageRepository(stage.database);
    // It commits, and the answer is lost with the connection: the lane tries again by itself.
    const lossy = vi.spyOn(stage.messageRows, 'append').mockImplementationOnce(async (items) => {
      await rows.append(items);
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' });
    });
    const clientId = randomUUID();
    const caller = stage.connect(b.userId, b.handle);
    await expect(send(conversation, { clientId, text: 'heard?' })).resolves.toMatchObject({ seq: 1, duplicate: true });
    expect(lossy).toHaveBeenCalledTimes(2);
    lossy.mockRestore();
    expect(stage.sentTo(b.userId, 'message:new').map((m) => [m.seq, m.text])).toEqual([[1, 'heard?']]);
    // What the client has, it does not get again.
    stage.knowledge.notePage(caller, b.handle, 1, []);
    await expect(send(conversation, { clientId, text: 'heard?' })).resolves.toMatchObject({ seq: 1, duplicate: true });
    expect(stage.sentTo(b.userId, 'message:new')).toHaveLength(1);
  });

  it('knows no foreign, made-up or deleted conversation', async () => {
    const conversation = await stage.openConversation();
    const stranger = callerOf(await stage.addUser());
    const message = { clientId: randomUUID(), text: 'x' };
    const [a] = conversation.members;
    await expect(stage.messages.send(stranger, { ...message, conversationId: a.handle })).rejects.toBeInstanceOf(
      NotFound,
    );
    await expect(stage.messages.send(stranger, { ...message, conversationId: 'x' })).rejects.toBeInstanceOf(NotFound);
    await send(conversation);
    await stage.database.query('DELETE FROM conversations WHERE id = $1', [conversation.conversationId]);
    await expect(send(conversation)).rejects.toBeInstanceOf(NotFound);
    await expect(sync(conversation)).rejects.toBeInstanceOf(NotFound);
  });

  it('gives gapless places in each sender’s order while ends race sends', async () => {
    const conversations = await Promise.all(Array.from({ length: 6 }, () => stage.openConversation()));
    const runs = conversations.map(async (conversation, i) => {
      const acks: { slot: Slot; text: string; seq: number }[] = [];
      const talk = async (slot: Slot): Promise<void> => {
        for (let n = 0; n < 40; n += 1) {
          const text = `${slot}:${n}`;
          try {
            acks.push({ slot, text, seq: (await send(conversation, { slot, text })).seq });
          } catch (error) {
            if (error instanceof ConversationIsOver) return;
            throw error;
          }
        }
      };
      const end = async (): Promise<void> => {
        await new Promise((resolve) => setTimeout(resolve, 20 + i * 15));
        await stage.conversations.end(conversation.conversationId, 'left', conversation.members[0].userId);
      };
      await Promise.all([talk(0), talk(1), end()]);
      const page = await sync(conversation);
      expect(page.messages.map((m) => m.seq)).toEqual(page.messages.map((_, n) => n + 1));
      expect(page).toMatchObject({ complete: true, lastSeq: acks.length });
      for (const { text, seq } of acks) expect(page.messages[seq - 1]?.text).toBe(text);
      for (const slot of [0, 1])
        expect(page.messages.map((m) => m.text).filter((t) => t.startsWith(`${slot}:`))).toEqual(
          acks.filter((ack) => ack.slot === slot).map((ack) => ack.text),
        );
    });
    await Promise.all(runs);
  });

  it('lets a conversation that somebody holds wait alone', async () => {
    const held = await stage.openConversation();
    const others: OpenedConversation[] = [];
    while (others.length < 50) others.push(await stage.openConversation());
    const holder = new pg.Client({ connectionString: stage.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM conversations WHERE id = $1 FOR UPDATE', [held.conversationId]);
    const timed = async (conversation: OpenedConversation): Promise<number> => {
      const startedAt = performance.now();
      await send(conversation);
      return performance.now() - startedAt;
    };
    let heldFor: number | undefined;
    const late = timed(held).then((ms) => (heldFor = ms));
    for (let round = 0; round < 2; round += 1)
      expect(Math.max(...(await Promise.all(others.map(timed))))).toBeLessThan(1_500);
    await sleep(1_000);
    expect(heldFor).toBeUndefined();
    await holder.query('COMMIT');
    await holder.end();
    await late;
    expect((await sync(held)).messages.map(({ seq }) => seq)).toEqual([1]);
  });

  it('lets a policy change or refuse a text', async () => {
    const other = await ChatStage.start();
    try {
      other.policies.add({ apply: (text) => text.replace('darn', '****') });
      const { members } = await other.openConversation();
      const { userId, handle } = members[0];
      await other.messages.send(callerOf(userId), { conversationId: handle, clientId: randomUUID(), text: 'darn it' });
      expect(other.sentTo(members[1].userId, 'message:new')).toMatchObject([{ text: '**** it' }]);
      other.policies.add({
        apply: () => {
          throw new MessageRefused();
        },
      });
      const refused = other.messages.send(callerOf(userId), {
        conversationId: handle,
        clientId: randomUUID(),
        text: 'x',
      });
      await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    } finally {
      await other.stop();
    }
  });
});

describe('reading', () => {
  it('pages from any place and says whether more is to come', async () => {
    const conversation = await stage.openConversation();
    for (let n = 1; n <= 7; n += 1) await send(conversation, { slot: n % 2 ? 0 : 1, text: `m${n}` });
    const page = await sync(conversation, 2, { limit: 3, slot: 1 });
    expect(page.messages.map((m) => [m.seq, m.from, m.text])).toEqual([
      [3, 'partner', 'm3'],
      [4, 'you', 'm4'],
      [5, 'partner', 'm5'],
    ]);
    expect(page).toMatchObject({ lastSeq: 7, complete: false });
    expect(await sync(conversation, 5)).toMatchObject({ complete: true, lastSeq: 7 });
    expect(await sync(conversation, 7)).toMatchObject({ messages: [], complete: true, lastSeq: 7 });
    expect(await sync(conversation, 1_000)).toMatchObject({ messages: [], complete: true, lastSeq: 7 });
  });

  it('puts the newest 50 into the state', async () => {
    const conversation = await stage.openConversation();
    for (let n = 1; n <= 53; n += 1) await send(conversation, { text: `m${n}` });
    const state = await stage.conversations.stateOf(conversation.members[1].userId);
    expect(state?.messages).toHaveLength(50);
    expect(state?.messages.at(0)?.seq).toBe(4);
    expect(state).toMatchObject({ lastSeq: 53, conversation: { id: conversation.members[1].handle } });
    expect(await stage.conversations.stateOf(await stage.addUser())).toBeUndefined();
  });

  it('passes on seen marks that are news, never beyond what was said', async () => {
    const conversation = await stage.openConversation();
    const [a, b] = conversation.members;
    await send(conversation);
    await send(conversation);
    const see = (seq: number) => stage.messages.see(callerOf(b.userId), { conversationId: b.handle, seq });
    await Promise.all([see(1), see(2), see(2)]);
    await see(1);
    await see(99);
    const seen = stage.sentTo(a.userId, 'message:seen').map((s) => s.seq);
    expect(Math.max(...seen)).toBe(2);
    expect(seen.filter((seq) => seq > 2)).toEqual([]);
    await stage.messages.setTyping(callerOf(a.userId), { conversationId: a.handle, typing: true });
    const signs = () => stage.sentTo(b.userId, 'typing:changed');
    await vi.waitFor(() => expect(signs()).toEqual([{ conversationId: b.handle, typing: true }]));
    await stage.messages.setTyping(callerOf(a.userId), { conversationId: a.handle, typing: true });
    await send(conversation);
    await sleep(1_300);
    expect(signs()).toHaveLength(1);
  });

  it('does not pass on a sign of typing that waited past the end', async () => {
    const conversation = await stage.openConversation();
    const [a, b] = conversation.members;
    const caller = stage.connect(a.userId, a.handle);
    await stage.messages.setTyping(caller, { conversationId: a.handle, typing: true });
    // As the answer to `conversation:leave`, or the news of an end that came elsewhere.
    stage.knowledge.noteState(caller, { state: 'idle' } as State);
    await sleep(600);
    expect(stage.sentTo(b.userId, 'typing:changed')).toEqual([]);
  });
});

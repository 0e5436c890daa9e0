import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { State } from '../../src/contracts/state.dto.js';
import { createStranger } from './connect-stranger.js';
import { aMessage, conversation, online, shownSeqs } from './scripted-chat.js';
import { ScriptedServer } from './scripted-server.js';
import type { Stranger } from './stranger.js';
import { emptyTimeline, sentAhead } from './timeline.js';

let server: ScriptedServer;
let stranger: Stranger;
let chatting: State;

beforeEach(async () => {
  server = new ScriptedServer();
  chatting = { ...server.state, state: 'chatting', conversation, messages: [], lastSeq: 0 };
  const baseUrl = await server.start();
  stranger = createStranger(baseUrl, { random: () => 0 });
});
afterEach(async () => {
  stranger.close();
  await server.stop();
});

const comeIn = async (): Promise<void> => {
  await stranger.resume();
  await stranger.until(online);
};

describe('sending', () => {
  beforeEach(async () => {
    server.state = chatting;
    await comeIn();
  });

  it('sends one message at a time, in order', async () => {
    stranger.send('one');
    stranger.send('two');
    await sleep(150);
    expect(server.heardOf('message:send').map(({ text }) => text)).toEqual(['one']);
    expect(stranger.store.getSnapshot().outbox.map(({ status }) => status)).toEqual(['sending', 'waiting']);
  });

  it('repeats the same clientId on a new connection until it is acknowledged', async () => {
    server.scripts['message:send'] = () => {
      if (server.heardOf('message:send').length < 2) return server.cut();
      return { seq: 1, sentAt: new Date().toISOString(), duplicate: true };
    };
    const clientId = stranger.send(' once ');
    const after = await stranger.until(({ outbox }) => outbox.length === 0, 3_000);
    expect(server.heardOf('message:send')).toEqual([
      { conversationId: 'c1', clientId, text: 'once' },
      { conversationId: 'c1', clientId, text: 'once' },
    ]);
    expect(after.chat?.timeline.messages).toMatchObject([{ seq: 1, from: 'you', text: 'once', clientId }]);
  });

  it('takes a message as sent when only its acknowledgement was lost', async () => {
    server.scripts['message:send'] = (payload: { clientId: string }) => {
      server.state = { ...chatting, messages: [aMessage(1, { from: 'you', clientId: payload.clientId })], lastSeq: 1 };
      server.cut();
    };
    stranger.send('hello');
    const after = await stranger.until((snapshot) => shownSeqs(snapshot).length === 1, 3_000);
    expect(after.outbox).toEqual([]);
    expect(server.heardOf('message:send')).toHaveLength(1);
  });
});

describe('receiving', () => {
  beforeEach(async () => {
    server.state = chatting;
    await comeIn();
  });

  it('shows by seq, drops what it knows, and syncs on a gap', async () => {
    server.scripts['conversation:sync'] = ({ after }: { after: number }) => ({
      messages: [2, 3, 4].filter((seq) => seq > after).map((seq) => aMessage(seq)),
      lastSeq: 4,
      complete: true,
    });
    server.emit('message:new', aMessage(1));
    server.emit('message:new', aMessage(1));
    server.emit('message:new', aMessage(4));
    const after = await stranger.until((snapshot) => shownSeqs(snapshot).length === 4, 2_000);
    expect(shownSeqs(after)).toEqual([1, 2, 3, 4]);
    expect(server.heardOf('conversation:sync')).toEqual([{ conversationId: 'c1', after: 1, limit: 100 }]);
  });

  it('syncs when its own acknowledgement shows a gap, and loses sight of nothing meanwhile', async () => {
    server.emit('message:new', aMessage(1));
    await stranger.until((snapshot) => shownSeqs(snapshot).length === 1, 1_000);
    server.scripts['conversation:sync'] = () => ({ messages: [aMessage(2)], lastSeq: 3, complete: true });
    server.scripts['message:send'] = () => ({ seq: 3, sentAt: new Date().toISOString(), duplicate: false });
    stranger.send('mine');
    const sent = await stranger.until(({ outbox }) => outbox.length === 0, 1_000);
    expect(sentAhead(sent.chat?.timeline ?? emptyTimeline)).toMatchObject([{ text: 'mine' }]);
    const after = await stranger.until((snapshot) => shownSeqs(snapshot).length === 3, 2_000);
    expect(after.chat?.timeline.messages.at(-1)?.text).toBe('mine');
    expect(server.heardOf('conversation:sync')).toEqual([{ conversationId: 'c1', after: 1, limit: 100 }]);
  });

  it('asks for less at once where a page did not come in time', async () => {
    server.scripts['conversation:sync'] = ({ limit }: { limit: number }) =>
      limit === 100 ? undefined : { messages: [2, 3, 4].map((seq) => aMessage(seq)), lastSeq: 5, complete: true };
    server.emit('message:new', aMessage(1));
    server.emit('message:new', aMessage(5));
    await stranger.until((snapshot) => shownSeqs(snapshot).length === 5, 9_000);
    expect(server.heardOf('conversation:sync')).toEqual([
      { conversationId: 'c1', after: 1, limit: 100 },
      { conversationId: 'c1', after: 1, limit: 20 },
    ]);
  }, 10_000);

  it('asks for the state when a message of an unknown conversation comes', async () => {
    server.scripts['session:state'] = () => ({ ...chatting, conversation: { ...conversation, id: 'c2' } });
    server.emit('message:new', aMessage(1, { conversationId: 'c2' }));
    const after = await stranger.until(({ chat }) => chat?.conversation.id === 'c2', 2_000);
    expect(after.past).toMatchObject({ conversation: { id: 'c1' }, reason: 'away' });
  });

  it('stops showing typing when a message comes', async () => {
    server.emit('typing:changed', { conversationId: 'c1', typing: true });
    await stranger.until(({ chat }) => chat?.partnerTyping === true, 1_000);
    server.emit('message:new', aMessage(1));
    const after = await stranger.until((snapshot) => shownSeqs(snapshot).length === 1, 1_000);
    expect(after.chat?.partnerTyping).toBe(false);
  });

  it('knows that a conversation ended while it was away', async () => {
    server.state = { ...server.state, state: 'idle' };
    delete server.state.conversation;
    server.cut();
    const after = await stranger.until(({ past }) => past !== undefined, 3_000);
    expect(after).toMatchObject({ phase: 'idle', past: { reason: 'away' } });
    expect(after.chat).toBeUndefined();
  });
});

describe('connecting', () => {
  it('comes back by itself after a cut', async () => {
    await comeIn();
    server.cut();
    await stranger.until(({ connection }) => connection === 'reconnecting', 1_000);
    await stranger.until(online, 2_000);
    expect(server.handshakes).toBe(2);
  });

  it('never comes back by itself when superseded, and does when told', async () => {
    await comeIn();
    server.emit('session:superseded', { at: new Date().toISOString() });
    await stranger.until(({ connection }) => connection === 'superseded', 1_000);
    await sleep(1_000);
    expect(server.handshakes).toBe(1);
    stranger.useHere();
    await stranger.until(online, 1_000);
    expect(server.handshakes).toBe(2);
  });

  it('stays away when the session was revoked', async () => {
    await comeIn();
    server.emit('session:revoked', { reason: 'suspended' });
    const after = await stranger.until(({ connection }) => connection === 'revoked', 1_000);
    expect(after.revokeReason).toBe('suspended');
    await sleep(800);
    expect(server.handshakes).toBe(1);
  });

  it('moves to another process when its own is draining', async () => {
    await comeIn();
    server.emit('server:draining', { reconnectInMs: 200 });
    await sleep(150);
    expect(server.handshakes).toBe(1);
    await sleep(300);
    expect(server.handshakes).toBe(2);
    expect(stranger.store.getSnapshot().connection).toBe('online');
  });

  it('waits as long as a refused handshake says', async () => {
    server.refusal = { code: 'RATE_LIMITED', retryAfterMs: 900 };
    await stranger.resume();
    await sleep(700);
    expect(server.handshakes).toBe(1);
    server.refusal = undefined;
    await stranger.until(online, 1_000);
  });

  it('gives up when the refusal means that the session is gone', async () => {
    server.refusal = { code: 'UNAUTHENTICATED' };
    await stranger.resume();
    server.signedIn = false;
    const after = await stranger.until(({ connection }) => connection === 'revoked', 3_000);
    expect(after.revokeReason).toBe('expired');
  });

  it('answers resume with false when there is no session', async () => {
    server.signedIn = false;
    expect(await stranger.resume()).toBe(false);
    expect(server.handshakes).toBe(0);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { MessagePage, State } from '../../src/contracts/state.dto.js';
import { createStranger } from './connect-stranger.js';
import { aMessage, conversation, online, shownSeqs } from './scripted-chat.js';
import { ScriptedServer } from './scripted-server.js';
import type { Stranger } from './stranger.js';

let server: ScriptedServer;
let stranger: Stranger;

/** Up to `lastSeq`, as the server would give it. */
const pageUpTo =
  (lastSeq: number) =>
  (conversationId: string, after: number, limit: number): MessagePage => {
    const seqs = Array.from({ length: lastSeq }, (_, index) => index + 1).filter((seq) => seq > after);
    const messages = seqs.slice(0, limit).map((seq) => aMessage(seq, { conversationId }));
    return { messages, lastSeq, complete: true };
  };

const ended = (conversationId = 'c1') => ({ conversationId, reason: 'partner_left' });

const chatWith = async (state: Partial<State> = {}): Promise<void> => {
  server.state = { ...server.state, state: 'chatting', conversation, messages: [], lastSeq: 0, ...state };
  await stranger.resume();
  await stranger.until(online);
};

/** Until all that was sent to the client has come. */
const tell = async (event: string, payload: unknown): Promise<void> => {
  server.emit(event, payload);
  await sleep(60);
};

beforeEach(async () => {
  server = new ScriptedServer();
  server.pageOf = pageUpTo(0);
  stranger = createStranger(await server.start(), { random: () => 0 });
});
afterEach(async () => {
  stranger.close();
  await server.stop();
});

it('an empty one is read once, not at every event of the search and the chat that follow', async () => {
  await chatWith();
  await tell('conversation:ended', ended());
  const search = { searchId: 's1', waitedMs: 0, estimatedWaitMs: null, poolSize: 'few', widened: [] } as const;
  const searching = { state: 'searching', user: server.state.user, search: { ...search, since: '' } } as const;
  server.scripts['search:start'] = () => searching;
  await stranger.startSearch();
  for (const waitedMs of [5_000, 10_000, 15_000]) await tell('search:status', { ...search, waitedMs });
  expect(server.pagesAsked).toEqual(['c1?after=0&limit=100']);
  await tell('conversation:started', { ...conversation, id: 'c2' });
  expect(stranger.store.getSnapshot().past).toBeUndefined();
  for (const seq of [1, 2, 3]) await tell('message:new', aMessage(seq, { conversationId: 'c2' }));
  await tell('typing:changed', { conversationId: 'c2', typing: true });
  expect(shownSeqs(stranger.store.getSnapshot())).toEqual([1, 2, 3]);
  expect(server.pagesAsked).toHaveLength(1);
});

it('is forgotten, too, when a state tells of the next one', async () => {
  await chatWith();
  await tell('conversation:ended', ended());
  expect(stranger.store.getSnapshot().past?.conversation.id).toBe('c1');
  await tell('session:ready', { ...server.state, conversation: { ...conversation, id: 'c2' } });
  expect(stranger.store.getSnapshot()).toMatchObject({ phase: 'chatting', chat: { conversation: { id: 'c2' } } });
  expect(stranger.store.getSnapshot().past).toBeUndefined();
});

it('shows the last words, of which nothing was heard before the end', async () => {
  await chatWith();
  await tell('message:new', aMessage(1));
  server.pageOf = pageUpTo(3);
  await tell('conversation:ended', ended());
  const { past } = await stranger.until((snapshot) => shownSeqs(snapshot).length === 3, 1_000);
  expect(past).toMatchObject({ reason: 'partner_left', timeline: { lastSeq: 3 } });
  expect(server.pagesAsked).toEqual(['c1?after=1&limit=100']);
});

it('shows what lay behind a hole when the end came', async () => {
  await chatWith();
  await tell('message:new', aMessage(1));
  await tell('message:new', aMessage(3));
  expect(shownSeqs(stranger.store.getSnapshot())).toEqual([1]);
  server.pageOf = pageUpTo(3);
  await tell('conversation:ended', ended());
  await stranger.until((snapshot) => shownSeqs(snapshot).length === 3, 1_000);
});

it('is read to its beginning, in pages', async () => {
  const newest = Array.from({ length: 50 }, (_, index) => aMessage(201 + index));
  await chatWith({ messages: newest, lastSeq: 250 });
  server.pageOf = pageUpTo(251);
  await tell('conversation:ended', ended());
  await stranger.until((snapshot) => shownSeqs(snapshot).length === 251, 1_000);
  expect(server.pagesAsked).toEqual(['c1?after=250&limit=100', 'c1?after=100&limit=100', 'c1?after=0&limit=100']);
});

it('is read again a little later when the server could not answer', async () => {
  await chatWith();
  server.pageOf = () => 'UNAVAILABLE';
  await tell('conversation:ended', ended());
  await tell('server:notice', { code: 'x', message: '' });
  expect(server.pagesAsked).toHaveLength(1);
  server.pageOf = pageUpTo(2);
  await stranger.until((snapshot) => shownSeqs(snapshot).length === 2, 2_000);
  expect(server.pagesAsked).toHaveLength(2);
});

it('whose retention is over is asked for once, and stays as it is', async () => {
  await chatWith();
  await tell('message:new', aMessage(1));
  server.pageOf = () => 'NOT_FOUND';
  await tell('conversation:ended', ended());
  for (let times = 0; times < 3; times++) await tell('server:notice', { code: 'x', message: '' });
  expect(server.pagesAsked).toHaveLength(1);
  expect(shownSeqs(stranger.store.getSnapshot())).toEqual([1]);
});

it('that was not over after all goes on as it was', async () => {
  await chatWith();
  await tell('message:new', aMessage(1));
  await tell('conversation:ended', ended());
  await tell('conversation:started', conversation);
  expect(stranger.store.getSnapshot()).toMatchObject({ phase: 'chatting', chat: { conversation: { id: 'c1' } } });
  expect(stranger.store.getSnapshot().past).toBeUndefined();
  expect(shownSeqs(stranger.store.getSnapshot())).toEqual([1]);
});

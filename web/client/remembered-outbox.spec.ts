import { afterEach, beforeEach, expect, it } from 'vitest';
import { createStranger } from './connect-stranger.js';
import { conversation, online } from './scripted-chat.js';
import { ScriptedServer } from './scripted-server.js';
import { SessionMemory } from './session-memory.js';
import type { KeyValueStorage } from './session-memory.js';
import { initialSnapshot } from './snapshot.js';
import { steadyNow } from './steady-clock.js';
import type { Stranger } from './stranger.js';
import { emptyTimeline } from './timeline.js';

const HOUR = 3_600_000;

let server: ScriptedServer;
let stranger: Stranger;

beforeEach(() => {
  server = new ScriptedServer();
  server.state = { ...server.state, state: 'chatting', conversation, messages: [], lastSeq: 0 };
});
afterEach(async () => {
  stranger.close();
  await server.stop();
});

/** What a page remembers that went `agoMs` before this one came, by the clock as it is now. */
const memoryOf = (agoMs: number): KeyValueStorage => {
  let kept: string | null = null;
  const storage = {
    getItem: () => kept,
    setItem: (_key: string, value: string) => void (kept = value),
    removeItem: () => void (kept = null),
  };
  const then = steadyNow() - agoMs;
  new SessionMemory(storage).save({
    ...initialSnapshot,
    user: server.state.user,
    chat: { conversation, timeline: emptyTimeline, partnerTyping: false, seenByPartner: 0 },
    outbox: ['one', 'two'].map((text) => ({
      conversationId: 'c1',
      clientId: text,
      text,
      since: then,
      failures: 3,
      notBefore: then + 5_000,
      status: 'waiting',
    })),
  });
  return storage;
};

it.each([-HOUR, 1_000, HOUR])('is sent at once by a page that comes %d ms later', async (agoMs) => {
  server.scripts['message:send'] = () => ({
    seq: server.heardOf('message:send').length,
    sentAt: new Date().toISOString(),
    duplicate: false,
  });
  stranger = createStranger(await server.start(), { random: () => 0, storage: memoryOf(agoMs) });
  await stranger.resume();
  await stranger.until(online);
  const { outbox } = stranger.store.getSnapshot();
  for (const { since } of outbox) expect(since).toBeLessThanOrEqual(steadyNow());
  const after = await stranger.until((snapshot) => snapshot.outbox.length === 0, 2_000);
  expect(after.chat?.timeline.messages.map(({ text }) => text)).toEqual(['one', 'two']);
});

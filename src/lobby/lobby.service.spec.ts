import { describe, expect, it } from 'vitest';
import { LobbyService } from './lobby.service.js';

describe('LobbyService', () => {
  it('shows the conversation of a match that won between its two reads', async () => {
    const answers = [undefined, { conversation: { id: 'a' }, messages: [], lastSeq: 0 }];
    const lobby = new LobbyService(
      { viewOf: async () => ({ id: 'u' }) } as never,
      { stateOf: async () => answers.shift() } as never,
      { statusOf: async () => undefined } as never,
      {} as never,
      {} as never,
      { noteState: () => undefined } as never,
    );
    expect(await lobby.stateOf({ userId: 'u', sessionId: 's', kind: 'guest' })).toMatchObject({
      state: 'chatting',
      conversation: { id: 'a' },
    });
  });

  it('answers with the conversation who leaves for the next again, as the answer was lost, and is in it already', async () => {
    const lobby = new LobbyService(
      { viewOf: async () => ({ id: 'u' }) } as never,
      { leave: async () => undefined, stateOf: async () => ({ conversation: { id: 'b' } }) } as never,
      {} as never,
      {} as never,
      { admitSearch: () => undefined } as never,
      { noteState: () => undefined } as never,
    );
    const caller = { userId: 'u', sessionId: 's', kind: 'guest' } as const;
    expect(await lobby.leave(caller, { conversationId: 'a', next: true })).toMatchObject({
      state: 'chatting',
      conversation: { id: 'b' },
    });
    await expect(lobby.startSearch(caller, {})).rejects.toMatchObject({ code: 'ALREADY_CHATTING' });
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BeaconRepository } from '../../src/chat/beacon.repository.js';
import { GapFinder } from '../../src/chat/gap-finder.js';
import { ChatStage } from '../support/chat-stage.js';

let stage: ChatStage;
beforeAll(async () => {
  stage = await ChatStage.start();
});
afterAll(() => stage.stop());

/** Looks at one user as the beacon does; `meanwhile` happens after Postgres was read and before the answer is here. */
async function look(userId: string, meanwhile: () => Promise<void> | void): Promise<void> {
  const rows = new BeaconRepository(stage.database);
  const truthOf = rows.truthOf.bind(rows);
  vi.spyOn(rows, 'truthOf').mockImplementation(async (...asked) => {
    const truth = await truthOf(...asked);
    await meanwhile();
    return truth;
  });
  const { incomplete } = await new GapFinder(rows, stage.knowledge).find([userId], 1_000);
  await stage.healer.heal(incomplete);
}

describe('the beacon', () => {
  it('does not take a conversation that began during its look for one that ended', async () => {
    const userId = await stage.addUser();
    const partner = await stage.addUser();
    const caller = stage.connect(userId);
    await look(userId, async () => {
      const { members } = await stage.openBetween(userId, partner);
      stage.noteStarted(caller, members[0].handle);
    });
    expect(stage.sentTo(userId, 'conversation:ended')).toEqual([]);
  });

  it('tells of an end, and of one that left no trace', async () => {
    for (const trace of [true, false]) {
      const { conversationId, members } = await stage.openConversation();
      const [{ userId, handle }] = members;
      stage.connect(userId, handle);
      await stage.database.transaction((tx) =>
        stage.conversations.endIn(tx, [{ conversationId, by: null }], 'timeout'),
      );
      if (!trace) await stage.database.query('DELETE FROM conversations WHERE id = $1', [conversationId]);
      await look(userId, () => undefined);
      const reason = trace ? 'timeout' : 'ended';
      expect(stage.sentTo(userId, 'conversation:ended')).toEqual([{ conversationId: handle, reason }]);
    }
  });
});

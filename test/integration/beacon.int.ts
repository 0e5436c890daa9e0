import { randomUUID } from 'node:crypto';
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

  it('does not tell of a start again whose hint came while it was read', async () => {
    const { members } = await stage.openConversation();
    const [{ userId, handle }] = members;
    const caller = stage.connect(userId);
    const openOf = stage.conversationRows.openOf.bind(stage.conversationRows);
    const reading = vi.spyOn(stage.conversationRows, 'openOf').mockImplementation(async (users) => {
      const open = await openOf(users);
      stage.noteStarted(caller, handle);
      return open;
    });
    await look(userId, () => undefined);
    expect(reading).toHaveBeenCalledOnce();
    reading.mockRestore();
    expect(stage.sentTo(userId, 'conversation:started')).toEqual([]);
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

  it('gives the others what they lack where one cannot be healed, and tells of the failure', async () => {
    const talks = await Promise.all([stage.openConversation(), stage.openConversation()]);
    const users: string[] = [];
    for (const { conversationId, members } of talks) {
      const [ada, bob] = members;
      stage.connect(ada.userId, ada.handle);
      users.push(ada.userId);
      const item = { conversationId, userId: bob.userId, clientId: randomUUID(), text: 'are you there?' };
      await stage.messageRows.append([item]);
      await stage.database.query('UPDATE participations SET away_since = now() WHERE user_id = $1', [ada.userId]);
    }
    // Somebody holds the row of the first.
    const markHere = stage.attendance.markHere.bind(stage.attendance);
    const marking = vi.spyOn(stage.attendance, 'markHere').mockImplementation(async (sighting) => {
      if (sighting.userId === users[0]) throw new Error('lock timeout');
      await markHere(sighting);
    });
    const { incomplete } = await new GapFinder(new BeaconRepository(stage.database), stage.knowledge).find(
      users,
      1_000,
    );
    await expect(stage.healer.heal(incomplete)).rejects.toThrow('lock timeout');
    marking.mockRestore();
    for (const userId of users)
      expect(stage.sentTo(userId, 'message:new').map(({ text }) => text)).toEqual(['are you there?']);
    const away = await stage.database.query<{ user_id: string }>(
      'SELECT user_id FROM participations WHERE user_id = ANY ($1) AND away_since IS NOT NULL',
      [users],
    );
    expect(away.map((row) => row.user_id)).toEqual([users[0]]);
  });
});

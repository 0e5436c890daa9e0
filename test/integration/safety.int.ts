import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MessageService } from '../../src/chat/message.service.js';
import { OutcomeRepository } from '../../src/matching/outcome.repository.js';
import { RatingService } from '../../src/matching/rating.service.js';
import { AvoidanceService } from '../../src/safety/avoidance.service.js';
import { BlockService } from '../../src/safety/block.service.js';
import { ReportService } from '../../src/safety/report.service.js';
import { aSearch, eventually, partnersOf, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

let stage: MatchingStage;
let api: MatchingProcess;
let blocks: BlockService;
let reports: ReportService;
let ratings: RatingService;

/** Somebody in a conversation, as its doors know them. */
interface Member {
  identity: { userId: string; sessionId: string; kind: 'guest' };
  handle: string;
  conversationId: string;
}

beforeAll(async () => {
  // Whoever met may meet again, so that only blocks keep people apart.
  stage = await startMatchingStage({ REMATCH_AVOID_SECONDS: '0' });
  [api] = await Promise.all([stage.startProcess('api'), stage.startProcess('worker')]);
  blocks = api.app.get(BlockService, { strict: false });
  reports = api.app.get(ReportService, { strict: false });
  ratings = api.app.get(RatingService, { strict: false });
});
afterAll(() => stage?.stop());

async function aTalk(users?: [string, string]): Promise<[Member, Member]> {
  const pair = users ?? ((await stage.aCrowd(api.database, 2)) as [string, string]);
  await Promise.all(pair.map((user) => api.searches.start(user, aSearch())));
  await eventually(async () => (await partnersOf(api.database, pair)).size === 2);
  const rows = await api.database.query<{ user_id: string; handle: string; conversation_id: string }>(
    `SELECT m.user_id, m.handle, m.conversation_id FROM conversation_members m JOIN participations p USING (conversation_id, user_id)
      WHERE m.user_id = ANY ($1)`,
    [pair],
  );
  const memberOf = (userId: string): Member => {
    const row = rows.find(({ user_id }) => user_id === userId)!;
    return {
      identity: { userId, sessionId: randomUUID(), kind: 'guest' },
      handle: row.handle,
      conversationId: row.conversation_id,
    };
  };
  return [memberOf(pair[0]), memberOf(pair[1])];
}

const say = ({ identity, handle }: Member, text: string) =>
  api.app
    .get(MessageService, { strict: false })
    .send(identity, { conversationId: handle, clientId: randomUUID(), text });

const areTalking = async ({ identity }: Member) => (await partnersOf(api.database, [identity.userId])).size > 0;

describe('a block', () => {
  it('ends the conversation, keeps the two apart in both directions, and can be undone', async () => {
    const [ada, bob] = await aTalk();
    await blocks.block(ada.identity, ada.handle);
    await blocks.block(ada.identity, ada.handle);
    expect(await areTalking(ada)).toBe(false);
    const [end] = await api.database.query(
      'SELECT end_reason, ended_by_slot IS NOT NULL AS by FROM conversations WHERE id = $1',
      [ada.conversationId],
    );
    expect(end).toEqual({ end_reason: 'left', by: true });

    await Promise.all([ada, bob].map(({ identity }) => api.searches.start(identity.userId, aSearch())));
    await sleep(500);
    expect(await areTalking(ada)).toBe(false);
    await Promise.all([ada, bob].map(({ identity }) => api.searches.cancel(identity.userId)));

    const { blocks: own } = await blocks.list(ada.identity);
    expect(own).toMatchObject([{ nickname: 'Stranger' }]);
    expect(await blocks.list(bob.identity)).toEqual({ blocks: [] });
    await expect(blocks.undo(bob.identity, own[0]!.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await blocks.undo(ada.identity, own[0]!.id);
    await expect(blocks.undo(ada.identity, own[0]!.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await aTalk([bob.identity.userId, ada.identity.userId]);
  });

  it('is for members of the conversation only, also after it', async () => {
    const [ada, bob] = await aTalk();
    const [, stranger] = await aTalk();
    await expect(blocks.block(stranger.identity, ada.handle)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(blocks.block(ada.identity, bob.handle)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(blocks.undo(ada.identity, 'no-uuid')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await blocks.block(bob.identity, bob.handle);
    await blocks.block(ada.identity, ada.handle);
    expect((await blocks.list(ada.identity)).blocks).toHaveLength(1);
  });

  it('reaches two who wait already, before they are claimed', async () => {
    const [ada, bob] = await aTalk();
    await blocks.block(bob.identity, bob.handle);
    const { blocks: own } = await blocks.list(bob.identity);
    await blocks.undo(bob.identity, own[0]!.id);
    const apart = { seeks: { genders: ['woman' as const] } };
    await Promise.all([ada, bob].map(({ identity }) => api.searches.start(identity.userId, aSearch(apart))));
    await blocks.block(ada.identity, ada.handle);
    await eventually(async () => (await api.redis.exists(`stoa:{mm:all}:block:${bob.identity.userId}`)) === 1);
    await Promise.all([ada, bob].map(({ identity }) => api.searches.start(identity.userId, aSearch())));
    await sleep(500);
    expect(await areTalking(bob)).toBe(false);
    await Promise.all([ada, bob].map(({ identity }) => api.searches.cancel(identity.userId)));
    expect(await api.redis.keys('stoa:{mm:all}:block:*')).toEqual([]);
  });

  it('that is taken back lets two who wait meet at once, unless the other one blocked as well', async () => {
    const [ada, bob] = await aTalk();
    await blocks.block(ada.identity, ada.handle);
    await blocks.block(bob.identity, bob.handle);
    await Promise.all([ada, bob].map(({ identity }) => api.searches.start(identity.userId, aSearch())));
    const undo = async ({ identity }: Member) => blocks.undo(identity, (await blocks.list(identity)).blocks[0]!.id);
    await undo(ada);
    await sleep(400);
    expect(await areTalking(ada)).toBe(false);
    await undo(bob);
    await eventually(() => areTalking(ada), 2_000);
    expect(await areTalking(bob)).toBe(true);
  });

  it('never lets a block and an opening of the same pair pass each other', async () => {
    const avoidance = api.app.get(AvoidanceService, { strict: false });
    const [ada, bob] = await aTalk();
    await blocks.block(ada.identity, ada.handle);
    const pair = { userA: bob.identity.userId, userB: ada.identity.userId };
    const [own] = (await blocks.list(ada.identity)).blocks;
    await blocks.undo(ada.identity, own!.id);
    let blocked = false;
    let blocking: Promise<void> = Promise.resolve();
    await api.database.transaction(async (transaction) => {
      expect((await avoidance.vetoed(transaction, [pair])).size).toBe(0);
      blocking = blocks.block(ada.identity, ada.handle).then(() => void (blocked = true));
      await sleep(150);
      expect(blocked).toBe(false);
    });
    await blocking;
    const vetoed = await api.database.transaction((transaction) => avoidance.vetoed(transaction, [pair]));
    expect([...vetoed]).toEqual([0]);
  });
});

describe('a report', () => {
  it('keeps what was said, gives a receipt, and tells the partner nothing', async () => {
    const [ada, bob] = await aTalk();
    await say(bob, 'one');
    await say(ada, 'two');
    await say(bob, 'three');
    const { receipt } = await reports.report(ada.identity, ada.handle, {
      reason: 'harassment',
      note: 'rude',
      seqs: [1, 3, 9],
    });
    const [row] = await api.database.query<{ evidence: object[]; reported_id: string; note: string }>(
      'SELECT evidence, reported_id, note FROM reports WHERE receipt = $1',
      [receipt],
    );
    expect(row).toMatchObject({
      note: 'rude',
      reported_id: bob.identity.userId,
      evidence: [
        { seq: 1, by: 'reported', text: 'one' },
        { seq: 3, by: 'reported', text: 'three' },
      ],
    });
    const whole = await reports.report(ada.identity, ada.handle, { reason: 'spam' });
    const [all] = await api.database.query<{ evidence: object[] }>('SELECT evidence FROM reports WHERE receipt = $1', [
      whole.receipt,
    ]);
    expect(all?.evidence).toHaveLength(3);
    expect(whole.receipt).toBe(receipt);
    await expect(reports.report(ada.identity, bob.handle, { reason: 'spam' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

describe('a report that is made again', () => {
  const reportsOf = (reporterId: string) =>
    api.database.query<{ reason: string; note: string | null; evidence: { seq: number; text: string }[] }>(
      'SELECT reason, note, evidence FROM reports WHERE reporter_id = $1',
      [reporterId],
    );

  it('is answered as before and adds what is new to the one that there is, with no second copy of anything', async () => {
    const [ada, bob] = await aTalk();
    for (const text of ['one', 'two', 'three']) await say(bob, text);
    const ask = (report: object) => reports.report(ada.identity, ada.handle, { reason: 'spam', ...report });
    const { receipt } = await ask({ seqs: [1], note: 'rude' });
    for (const report of [{ seqs: [1] }, { seqs: [1, 2] }, { reason: 'minor' }, {}])
      expect(await ask(report)).toEqual({ receipt });
    const [row, ...others] = await reportsOf(ada.identity.userId);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ reason: 'spam', note: 'rude' });
    expect(row?.evidence.map(({ seq, text }) => [seq, text])).toEqual([
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ]);
    const partners = await reports.report(bob.identity, bob.handle, { reason: 'other' });
    expect(partners.receipt).not.toBe(receipt);
  });

  it('is one also when they come at once', async () => {
    const [ada, bob] = await aTalk();
    await say(bob, 'one');
    const all = await Promise.all(
      Array.from({ length: 8 }, () => reports.report(ada.identity, ada.handle, { reason: 'spam' })),
    );
    expect(new Set(all.map(({ receipt }) => receipt)).size).toBe(1);
    expect(await reportsOf(ada.identity.userId)).toHaveLength(1);
  });
});

describe('an outcome', () => {
  it('says nothing of who wrote when that was deleted before it was looked at', async () => {
    const wroteIn = async (isForgotten: boolean): Promise<unknown> => {
      const [ada, bob] = await aTalk();
      for (const member of [ada, bob]) await say(member, 'hello');
      await blocks.block(bob.identity, bob.handle);
      // As with a retention of some seconds, and a look once a minute.
      if (isForgotten) {
        await api.database.query('DELETE FROM messages WHERE conversation_id = $1', [ada.conversationId]);
        await api.database.query('UPDATE conversations SET said_delete_after = NULL WHERE id = $1', [
          ada.conversationId,
        ]);
      }
      await api.app.get(OutcomeRepository, { strict: false }).collect(100);
      const [row] = await api.database.query<Record<string, unknown>>(
        'SELECT both_wrote, duration_ms > 0 AS lasted FROM match_outcomes WHERE conversation_id = $1',
        [ada.conversationId],
      );
      expect(row).toMatchObject({ lasted: true });
      return row?.['both_wrote'];
    };
    expect([await wroteIn(false), await wroteIn(true)]).toEqual([true, null]);
  });
});

describe('a rating', () => {
  it('counts once, beside what the conversation was like, and names nobody', async () => {
    const [ada, bob] = await aTalk();
    await say(ada, 'hello');
    await ratings.rate(ada.identity, { conversationId: ada.handle, good: true });
    await ratings.rate(ada.identity, { conversationId: ada.handle, good: false });
    await say(bob, 'hello to you');
    await blocks.block(bob.identity, bob.handle);
    await api.app.get(OutcomeRepository, { strict: false }).collect(100);
    const [row] = await api.database.query<Record<string, unknown>>(
      'SELECT both_wrote, duration_ms > 0 AS lasted, good_a, good_b FROM match_outcomes WHERE conversation_id = $1',
      [ada.conversationId],
    );
    expect(row).toMatchObject({ both_wrote: true, lasted: true });
    expect([row?.['good_a'], row?.['good_b']]).toEqual(expect.arrayContaining([null, true]));
    await api.database.query(`UPDATE conversations SET ended_at = now() - interval '25 hours' WHERE id = $1`, [
      ada.conversationId,
    ]);
    await expect(ratings.rate(bob.identity, { conversationId: bob.handle, good: true })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});

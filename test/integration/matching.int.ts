import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConversationService } from '../../src/chat/conversation.service.js';
import { learningKey } from '../../src/matching/shard.keys.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { aSearch, eventually, partnersOf, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

let stage: MatchingStage;
let api: MatchingProcess;
let worker: MatchingProcess;

const partners = (userIds: readonly string[]) => partnersOf(api.database, userIds);

beforeAll(async () => {
  stage = await startMatchingStage();
  [api, worker] = await Promise.all([stage.startProcess('api'), stage.startProcess('worker')]);
});
afterAll(() => stage?.stop());

describe('matching', () => {
  it('brings two together within a moment, and forgets their searches', async () => {
    const [a, b] = (await stage.aCrowd(api.database, 2)) as [string, string];
    await api.searches.start(a, aSearch({ interests: ['go'] }));
    await sleep(300);
    const began = performance.now();
    await api.searches.start(b, aSearch({ interests: ['go'] }));
    const found = await eventually(async () => (await partners([a])).get(a));
    expect(found).toBe(b);
    expect(performance.now() - began).toBeLessThan(500);
    await eventually(async () => (await api.searches.statusesOf([a, b])).size === 0);
    // The search has ended by now; where it was is forgotten a moment later, and until then the match is what a cancel hears of.
    await eventually(async () => {
      const reply = await api.searches.cancel(a);
      expect(['matched', 'not_searching']).toContain(reply);
      return reply === 'not_searching';
    }, 1_000);
  });

  it('keeps a live search as it is, takes new wishes, and ends it once', async () => {
    const [a] = (await stage.aCrowd(api.database, 1)) as [string];
    const first = await api.searches.start(a, aSearch());
    expect(await api.searches.start(a, aSearch())).toEqual(first);
    expect(await api.searches.start(a, aSearch({ interests: ['chess'] }))).toEqual(first);
    const status = await eventually(() => api.searches.statusOf(a));
    expect(status).toMatchObject({ searchId: first.searchId, poolSize: 'few', estimatedWaitMs: null, widened: [] });
    expect(Date.parse(status.since)).toBe(first.sinceMs);
    expect(await api.searches.cancel(a)).toBe('cancelled');
    expect(await api.searches.cancel(a)).toBe('not_searching');
    expect(await api.searches.statusOf(a)).toBeUndefined();
    expect((await api.searches.start(a, aSearch())).searchId).not.toBe(first.searchId);
    await api.searches.drop(a);
  });

  it('is told of by a process that remembers an older one, when it was begun anew elsewhere', async () => {
    const [a] = (await stage.aCrowd(api.database, 1)) as [string];
    await api.searches.start(a, aSearch());
    const elsewhere = await stage.startProcess('api');
    expect(await elsewhere.searches.cancel(a)).toBe('cancelled');
    const { searchId } = await elsewhere.searches.start(a, aSearch());
    expect(await api.searches.statusOf(a)).toMatchObject({ searchId });
    await elsewhere.searches.drop(a);
    expect(await api.searches.statusOf(a)).toBeUndefined();
    await elsewhere.stop();
  });

  it('wakes again after everybody was matched', async () => {
    for (let round = 0; round < 5; round += 1) {
      const pair = await stage.aCrowd(api.database, 2);
      await Promise.all(pair.map((user) => api.searches.start(user, aSearch())));
      const found = await eventually(async () => (await partners(pair)).get(pair[0]!));
      expect(found).toBe(pair[1]);
      await sleep(round * 20);
    }
  });

  it('drops a search that nobody keeps alive, and one whose user is known to be gone', async () => {
    const [a, b] = (await stage.aCrowd(api.database, 2)) as [string, string];
    await api.searches.start(a, aSearch());
    await api.searches.keep(a, 1);
    await sleep(20);
    await api.searches.start(b, aSearch());
    await sleep(300);
    expect((await partners([a, b])).size).toBe(0);
    await api.searches.drop(b);
    expect(await api.searches.statusOf(b)).toBeUndefined();
    await api.searches.drop(a);
  });

  it('puts the searches of its people back when Redis was emptied, with their first time', async () => {
    const [a] = (await stage.aCrowd(api.database, 1)) as [string];
    const { sinceMs, searchId } = await api.searches.start(a, aSearch());
    await sleep(50);
    await api.redis.flushall();
    await api.searches.refresh([a]);
    const status = await eventually(() => api.searches.statusOf(a));
    expect(status.searchId).toBe(searchId);
    expect(Date.parse(status.since)).toBe(sinceMs);
    const [b] = (await stage.aCrowd(api.database, 1)) as [string];
    await api.searches.start(b, aSearch());
    await eventually(async () => (await partners([a])).get(a) === b);
  });

  it('does not pair who met lately, nor who blocked the other, in either direction', async () => {
    const [a, b, c, d] = (await stage.aCrowd(api.database, 4)) as [string, string, string, string];
    const start = (...users: string[]) => Promise.all(users.map((user) => api.searches.start(user, aSearch())));
    await start(a, b);
    await eventually(async () => (await partners([a])).get(a) === b);
    await api.database.query('UPDATE conversations SET ended_at = now(), end_reason = $1, delete_after = now()', [
      'left',
    ]);
    await api.database.query('DELETE FROM participations');
    await api.database.query(
      `INSERT INTO blocks (id, blocker_id, blocked_id, nickname) VALUES (gen_random_uuid(), $1, $2, 'x')`,
      [c, d],
    );
    await start(a, b);
    await sleep(400);
    expect((await partners([a, b])).size).toBe(0);
    await Promise.all([api.searches.cancel(a), api.searches.cancel(b)]);
    await start(d, c);
    await sleep(400);
    expect((await partners([c, d])).size).toBe(0);
    await Promise.all([api.searches.cancel(c), api.searches.cancel(d)]);
  });

  it('notes of a match who searched again at once after it, and of nobody else', async () => {
    const [a, b, c, d] = (await stage.aCrowd(api.database, 4)) as [string, string, string, string];
    const start = (...users: string[]) => Promise.all(users.map((user) => api.searches.start(user, aSearch())));
    const noted = async (user: string) => {
      const [row] = await api.database.query<{ own: boolean; others: boolean }>(
        `SELECT CASE m.slot WHEN 0 THEN requeued_a ELSE requeued_b END AS own, CASE m.slot WHEN 0 THEN requeued_b ELSE requeued_a END AS others
           FROM match_outcomes o JOIN conversation_members m USING (conversation_id) WHERE m.user_id = $1`,
        [user],
      );
      return row;
    };
    const end = async (user: string, agoS: number) => {
      const conversations = api.app.get(ConversationService, { strict: false });
      await conversations.endOf(user, 'left', user);
      await api.database.query(
        `UPDATE conversations SET ended_at = ended_at - make_interval(secs => $2)
          WHERE id = (SELECT conversation_id FROM conversation_members WHERE user_id = $1)`,
        [user, agoS],
      );
    };
    await start(a, b);
    await eventually(async () => (await partners([a])).get(a) === b);
    await start(c, d);
    await eventually(async () => (await partners([c])).get(c) === d);
    await end(a, 0);
    await end(c, 60);
    const apart = { seeks: { genders: ['woman' as const] } };
    // In this order: what is noted of c is noted by the time that a's is.
    for (const user of [c, a]) await api.searches.start(user, aSearch(apart));
    await eventually(async () => (await noted(a))?.own);
    expect(await noted(a)).toEqual({ own: true, others: false });
    expect(await noted(c)).toEqual({ own: false, others: false });
    await Promise.all([a, c].map((user) => api.searches.cancel(user)));
  });

  it('refuses who already chats', async () => {
    const [a, b] = (await stage.aCrowd(api.database, 2)) as [string, string];
    await Promise.all([a, b].map((user) => api.searches.start(user, aSearch())));
    await eventually(async () => (await partners([a])).get(a) === b);
    await eventually(async () => (await api.searches.statusesOf([a, b])).size === 0);
    await expect(api.searches.start(a, aSearch())).rejects.toMatchObject({ code: 'ALREADY_CHATTING' });
    expect(await api.searches.statusOf(a)).toBeUndefined();
  });

  it('tells who waits how it goes, widens in time, and remembers what it learnt', { timeout: 60_000 }, async () => {
    const [a, b] = (await stage.aCrowd(api.database, 2)) as [string, string];
    await api.searches.start(a, aSearch({ ageBand: '18-24', seeks: { ageBands: ['18-24'] } }));
    const widened = await eventually(async () => {
      await api.searches.refresh([a]);
      const status = await api.searches.statusOf(a);
      return status?.widened.includes('age') && status;
    }, 20_000);
    expect(widened.waitedMs).toBeGreaterThanOrEqual(1_000);
    expect(widened.poolSize).toBe('few');
    await api.searches.start(b, aSearch({ ageBand: '25-34' }));
    const found = await eventually(async () => (await partners([a])).get(a), 20_000);
    expect(found).toBe(b);
    await eventually(async () => (await api.redis.exists(learningKey('all'))) === 1);
    // Enough were matched by now for a median of those who are alike: they are expected to come again.
    const [c] = (await stage.aCrowd(api.database, 1)) as [string];
    await api.searches.start(c, aSearch({ interests: ['alone'], seeks: { genders: [] } }));
    const status = await eventually(async () => {
      const own = await api.searches.statusOf(c);
      return own?.estimatedWaitMs !== null && own;
    });
    expect(status.estimatedWaitMs).toBeLessThan(10_000);
    await api.searches.cancel(c);
  });

  it('tells who waits for nobody that nobody fits, and keeps the search', async () => {
    const crowd = await stage.aCrowd(api.database, 13);
    const [ada, ...men] = crowd as [string, ...string[]];
    const [greek, partner] = (await stage.aCrowd(api.database, 2)) as [string, string];
    const women = { genders: ['woman' as const] };
    for (const man of men) await api.searches.start(man, aSearch({ gender: 'man', seeks: women }));
    // They fit, but must not meet: so that they are still there when they are counted.
    await api.database.query(
      `INSERT INTO blocks (id, blocker_id, blocked_id, nickname) SELECT gen_random_uuid(), $1, man, 'x' FROM unnest($2::uuid[]) AS man`,
      [ada, men],
    );
    await api.searches.start(ada, aSearch({ gender: 'woman' }));
    const first = await api.searches.start(greek, aSearch({ gender: 'woman', languages: ['el'] }));
    const among = await eventually(async () => {
      const status = await api.searches.statusOf(ada);
      return status?.poolSize === 'some' && status;
    });
    expect(among.widened).toEqual([]);
    expect(await api.searches.statusOf(greek)).toMatchObject({
      searchId: first.searchId,
      poolSize: 'few',
      estimatedWaitMs: null,
    });
    await api.searches.start(partner, aSearch({ gender: 'man', languages: ['el'] }));
    await eventually(async () => (await partners([greek])).get(greek) === partner);
    for (const user of [ada, ...men]) await api.searches.cancel(user);
  });

  it(
    'brings two without a common language together once both are widened, if both said so',
    { timeout: 60_000 },
    async () => {
      const [est, dane, swede] = (await stage.aCrowd(api.database, 3)) as [string, string, string];
      const open = { anyLanguage: true };
      // Whom these seek keeps all others of this file away.
      const about = { gender: 'nonbinary' as const, seeks: { genders: ['nonbinary' as const] } };
      const begin = (user: string, language: string, wish = {}) =>
        api.searches.start(user, aSearch({ ...about, seeks: { ...about.seeks, ...wish }, languages: [language] }));
      await begin(swede, 'sv');
      await begin(est, 'et', open);
      await eventually(async () => {
        await api.searches.refresh([est, swede]);
        return (await api.searches.statusOf(est))?.widened.includes('language');
      }, 20_000);
      await begin(dane, 'da', open);
      await eventually(async () => {
        await api.searches.refresh([est, dane, swede]);
        return (await partners([est])).get(est) === dane;
      }, 20_000);
      expect((await api.searches.statusOf(swede))?.widened).toEqual([]);
      await api.searches.cancel(swede);
    },
  );

  it('tells operators how each class and language fares', { timeout: 30_000 }, async () => {
    const crowd = await stage.aCrowd(api.database, 26);
    const men = aSearch({ gender: 'man', seeks: { genders: ['man'] }, languages: ['fi'] });
    const pairs = crowd.slice(0, 22);
    for (const user of pairs) await api.searches.start(user, men);
    await eventually(async () => (await partners(pairs)).size === pairs.length);
    const [lonely, ...givingUp] = crowd.slice(22);
    for (const user of givingUp) {
      await api.searches.start(user, men);
      await api.searches.cancel(user);
    }
    // The gauges are there for as long as somebody waits.
    await api.searches.start(lonely!, aSearch({ languages: ['is'], gender: 'woman' }));
    const metrics = worker.app.get(Metrics);
    const served = await eventually(async () => {
      const text = await metrics.registry.metrics();
      return text.includes('stoa_matching_waiting{shard="all",class="0.0"} 1') && text;
    });
    const valueOf = (series: string) =>
      Number(
        served
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    const rate = valueOf('stoa_matching_match_rate{shard="all",class="1.2"}');
    expect(rate).toBeGreaterThan(0.8);
    expect(rate).toBeLessThan(0.95);
    expect(valueOf('stoa_matching_language_match_rate{shard="all",language="fi"}')).toBe(rate);
    expect(served).not.toContain('language="is"');
    expect(valueOf('stoa_matching_worst_match_rate{shard="all"}')).toBeLessThanOrEqual(rate);
    expect(valueOf('stoa_matching_searches_ended_total{shard="all",class="1.2",how="matched"}')).toBe(22);
    expect(valueOf('stoa_matching_searches_ended_total{shard="all",class="1.2",how="gave_up"}')).toBe(3);
    expect(valueOf('stoa_matching_wait_seconds_count{shard="all",class="1.2"}')).toBe(22);
    await api.searches.cancel(lonely!);
  });

  it('goes on when the worker that runs the shard drains', async () => {
    const [a, b] = (await stage.aCrowd(api.database, 2)) as [string, string];
    await api.searches.start(a, aSearch());
    await sleep(200);
    const next = await stage.startProcess('worker');
    await worker.stop();
    worker = next;
    await api.searches.start(b, aSearch());
    const found = await eventually(async () => (await partners([a])).get(a));
    expect(found).toBe(b);
  });
});

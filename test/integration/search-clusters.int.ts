import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SearchQueue } from '../../src/matching/search-queue.js';
import { waitingKey } from '../../src/matching/shard.keys.js';
import { LANGUAGE_CLUSTERS } from '../../src/matching/shard.js';
import type { LanguageCluster } from '../../src/matching/shard.js';
import { aSearch, eventually, partnersOf, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

// A deployment that has outgrown one shard: German and French have theirs.
(LANGUAGE_CLUSTERS as LanguageCluster[]).push({ shard: 'de', languages: ['de'] }, { shard: 'fr', languages: ['fr'] });

let stage: MatchingStage;
let api: MatchingProcess;
let queue: SearchQueue;
let a: string;
let b: string;

beforeAll(async () => {
  stage = await startMatchingStage();
  api = await stage.startProcess('api');
  queue = api.app.get(SearchQueue, { strict: false });
});
afterAll(() => stage?.stop());
beforeEach(async () => {
  [a, b] = (await stage.aCrowd(api.database, 2)) as [string, string];
});
afterEach(async () => {
  for (const user of [a, b]) await api.searches.cancel(user);
});

const speak = (user: string, language: string) => api.searches.start(user, aSearch({ languages: [language] }));
const waiting = (shard: string) => api.redis.zrange(waitingKey(shard), '0', '-1', 'WITHSCORES');

describe('a search whose languages change', () => {
  it('goes on where these are spoken, with its id and its place', async () => {
    const { searchId, sinceMs } = await speak(a, 'de');
    expect(await speak(a, 'fr')).toEqual({ searchId, sinceMs });
    expect(await waiting('de')).toEqual([]);
    expect(await waiting('fr')).toEqual([searchId, String(sinceMs)]);
    expect(await queue.homeOf(a)).toEqual({ shard: 'fr', searchId });
    expect(await api.searches.statusOf(a)).toMatchObject({ searchId });
    await api.searches.refresh([a]);
    expect(await waiting('de')).toEqual([]);
    // Its old id is used up in the first shard: it comes back under another, with its place.
    const back = await speak(a, 'de');
    expect(back.sinceMs).toBe(sinceMs);
    expect(await waiting('de')).toEqual([back.searchId, String(sinceMs)]);
    expect(await waiting('fr')).toEqual([]);
  });

  it('is put back where it was last', async () => {
    const { searchId, sinceMs } = await speak(a, 'de');
    await speak(a, 'fr');
    await api.redis.flushall();
    await api.searches.refresh([a]);
    expect(await waiting('de')).toEqual([]);
    expect(await waiting('fr')).toEqual([searchId, String(sinceMs)]);
  });

  it('meets who is there', { timeout: 30_000 }, async () => {
    const worker = await stage.startProcess('worker');
    await speak(a, 'de');
    await speak(b, 'fr');
    await speak(a, 'fr');
    expect(await eventually(async () => (await partnersOf(api.database, [a])).get(a))).toBe(b);
    await eventually(async () => (await api.searches.statusesOf([a, b])).size === 0);
    await worker.stop();
  });
});

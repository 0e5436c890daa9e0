import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { LearningSnapshot } from '../../src/matching/learning.js';
import { ShardFeed } from '../../src/matching/shard-feed.js';
import { ShardRunner } from '../../src/matching/shard-runner.js';
import { learningKey, runnerKey } from '../../src/matching/shard.keys.js';
import { aSearch, eventually, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

// In a thin pool each run is short, and the next one goes to whichever worker is free.

const SHARD = 'all';

let stage: MatchingStage;
let workers: MatchingProcess[];

beforeAll(async () => {
  stage = await startMatchingStage();
  workers = await Promise.all([stage.startProcess('api'), stage.startProcess('api')]);
});
afterAll(() => stage?.stop());

/** This worker runs the shard until these pairs have met. */
async function meet(worker: MatchingProcess, pairs: number): Promise<void> {
  for (const user of await stage.aCrowd(worker.database, 2 * pairs)) await worker.searches.start(user, aSearch());
  await worker.app.get(ShardRunner, { strict: false }).run(SHARD, new AbortController().signal);
}

const learnt = async (): Promise<string> => (await workers[0]!.redis.get(learningKey(SHARD))) ?? '{}';

/** Of how many matches the shard knows; each fades a little with the next. */
const matchesKnown = async (): Promise<number> =>
  Math.round((JSON.parse(await learnt()) as LearningSnapshot).matchScore.weight);

it('two workers in turn know what both have learnt', async () => {
  const [one, other] = workers as [MatchingProcess, MatchingProcess];
  const known: number[] = [];
  for (const [worker, pairs] of [
    [one, 1],
    [other, 3],
    [one, 1],
    [other, 0],
    [other, 2],
    [one, 0],
  ] as const) {
    await meet(worker, pairs);
    known.push(await matchesKnown());
  }
  expect(known).toEqual([1, 4, 5, 5, 7, 7]);
});

it('a worker whose run is another one’s does not write over what that one has learnt', async () => {
  const [one, other] = workers as [MatchingProcess, MatchingProcess];
  await meet(other, 2);
  const before = await learnt();
  await one.redis.set(runnerKey(SHARD), 'somebody', 'PX', 60_000);
  await one.app.get(ShardRunner, { strict: false }).run(SHARD, new AbortController().signal);
  expect(await learnt()).toBe(before);
  await one.redis.del(runnerKey(SHARD));
});

/** Somebody whom nobody fits. */
async function aLonelySearch(at: MatchingProcess): Promise<string> {
  const [user] = (await stage.aCrowd(at.database, 1)) as [string];
  await at.searches.start(user, aSearch({ seeks: { genders: ['woman'] } }));
  return user;
}

/** What was learnt of departures and arrivals. */
async function learntOfPeople(): Promise<Pick<LearningSnapshot, 'arrivals' | 'impatience' | 'losses'>> {
  const { arrivals, impatience, losses } = JSON.parse(await learnt()) as LearningSnapshot;
  return { arrivals, impatience, losses };
}

it('a worker that takes over does not learn again who came and gave up while another one ran the shard', async () => {
  const [one, other] = workers as [MatchingProcess, MatchingProcess];
  await meet(one, 1);
  await meet(other, 0);
  const gaveUpBefore = (await learntOfPeople()).impatience.left[0]!;
  const user = await aLonelySearch(one);
  const running = one.app.get(ShardRunner, { strict: false }).run(SHARD, new AbortController().signal);
  await sleep(100);
  await one.searches.cancel(user);
  await running;
  const known = await learntOfPeople();
  expect(known.impatience.left[0]).toBe(gaveUpBefore + 1);
  await meet(other, 0);
  expect(await learntOfPeople()).toEqual(known);
  await meet(one, 0);
  expect(await learntOfPeople()).toEqual(known);
});

it('who gave up while nobody ran the shard waited until then, not until a worker came', async () => {
  const [one] = workers as [MatchingProcess, MatchingProcess];
  const end = new AbortController();
  const user = await aLonelySearch(one);
  const running = one.app.get(ShardRunner, { strict: false }).run(SHARD, end.signal);
  await sleep(100);
  end.abort();
  await running;
  const before = (await learntOfPeople()).impatience;
  await one.searches.cancel(user);
  await sleep(1_500);
  await meet(one, 0);
  const { left, exposureS } = (await learntOfPeople()).impatience;
  expect([left[0], left[1]]).toEqual([before.left[0]! + 1, before.left[1]]);
  expect(exposureS[1]).toBe(before.exposureS[1]);
});

it('what a run has learnt is written before another worker may run the shard', async () => {
  const [one] = workers as [MatchingProcess, MatchingProcess];
  const before = await matchesKnown();
  const feed = one.app.get(ShardFeed, { strict: false });
  const rest = feed.rest.bind(feed);
  const knownAtRest: number[] = [];
  vi.spyOn(feed, 'rest').mockImplementation(async (...args) => {
    knownAtRest.push(await matchesKnown());
    return rest(...args);
  });
  await meet(one, 2);
  vi.restoreAllMocks();
  await eventually(async () => (await matchesKnown()) === before + 2);
  expect(knownAtRest.at(-1)).toBe(before + 2);
});

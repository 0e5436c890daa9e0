import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LearningSnapshot } from '../../src/matching/learning.js';
import { ShardRunner } from '../../src/matching/shard-runner.js';
import { learningKey, runnerKey } from '../../src/matching/shard.keys.js';
import { aSearch, startMatchingStage } from '../support/matching-stage.js';
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

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { pollScript } from '../../src/matching/search.scripts.js';
import { ShardFeed } from '../../src/matching/shard-feed.js';
import { ShardMemory } from '../../src/matching/shard-memory.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import { ShardRunner } from '../../src/matching/shard-runner.js';
import { learningKey, leasesKey, reportKey, runnerKey, ticketKey, waitingKey } from '../../src/matching/shard.keys.js';
import { languageIndexes } from '../../src/matching/ticket-fields.js';
import { aTicket } from '../../src/matching/ticket.arbitrary.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { JobProducer } from '../../src/platform/queue/job-producer.js';
import { aSearch, eventually, partnersOf, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

// What once could leave two people waiting for each other unseen: a runner whose picture of the shard is not the shard.

const SHARD = 'all';

let stage: MatchingStage;
let process: MatchingProcess;
let runner: ShardRunner;
let feed: ShardFeed;

beforeAll(async () => {
  stage = await startMatchingStage();
  process = await stage.startProcess('api');
  runner = process.app.get(ShardRunner, { strict: false });
  feed = process.app.get(ShardFeed, { strict: false });
});
afterAll(() => stage?.stop());
afterEach(() => vi.restoreAllMocks());

const arrive = async (count: number): Promise<string[]> => {
  const users = await stage.aCrowd(process.database, count);
  for (const user of users) await process.searches.start(user, aSearch());
  return users;
};

const areMatched = (users: readonly string[], patienceMs = 5_000) =>
  eventually(async () => (await partnersOf(process.database, users)).size === users.length, patienceMs);

/** What is to happen before each batch of searches that is read while a mirror is built. */
function onBatch(before: () => void): void {
  vi.restoreAllMocks();
  const pipeline = process.redis.pipeline.bind(process.redis);
  vi.spyOn(process.redis, 'pipeline').mockImplementation((...args) => {
    before();
    return pipeline(...args);
  });
}

/** Twenty a second until now, and scores of which that of these tests' searches is not among the best. */
async function teachManyCome({ policy }: ShardMirror): Promise<void> {
  const [seconds] = await process.redis.time();
  const nowMs = 1_000 * Number(seconds);
  const about = { ageBand: 1, languages: languageIndexes(['en']) };
  for (let ms = nowMs - 60_000; ms < nowMs; ms += 50) policy.arrived(aTicket({ ...about, sinceMs: ms }), ms);
  for (let i = 0; i < 500; i++) policy.learning.scores.observe(0, 0.2 + 0.7 * (i / 500));
}

/** Runs the shard until nobody waits, as the job does. */
const run = (): Promise<boolean> => runner.run(SHARD, new AbortController().signal);

describe("a runner's picture of its shard", () => {
  it('is built anew when building it was interrupted', async () => {
    const users = await arrive(2);
    const mirror = new ShardMirror();
    await process.redis.del(runnerKey(SHARD));
    vi.spyOn(process.redis, 'pipeline').mockImplementationOnce(() => {
      throw new Error('the connection broke');
    });
    await expect(feed.follow(SHARD, mirror, 'interrupted')).rejects.toThrow('the connection broke');
    await feed.follow(SHARD, mirror, 'interrupted');
    expect([...mirror.pool.tickets()].map(({ userId }) => userId).toSorted()).toEqual(users.toSorted());
    await process.redis.del(runnerKey(SHARD));
    await run();
    await areMatched(users);
  });

  it('has who was taken for dead and lives', async () => {
    const users = await arrive(2);
    const searches = await process.redis.zrange(waitingKey(SHARD), '0', '-1');
    for (const searchId of searches) await process.redis.zadd(leasesKey(SHARD), 1, searchId);
    await process.redis.del(runnerKey(SHARD));
    const running = run();
    // The claim finds one of them dead and takes it out; the epoch is too young for it to be dropped.
    await sleep(300);
    expect((await partnersOf(process.database, users)).size).toBe(0);
    await process.searches.refresh(users);
    await areMatched(users);
    await running;
  });

  it('is one for all runs of a process, and a wish for a run is not lost with the run that ends', async () => {
    const running = new Set<Promise<boolean>>();
    const follow = vi.spyOn(feed, 'follow');
    for (let round = 0; round < 30; round += 1) {
      const users = await stage.aCrowd(process.database, 2);
      await process.searches.start(users[0]!, aSearch());
      running.add(run());
      await sleep(round % 7);
      // The second comes while the run looks, opens, rests or ends; each arrival that finds no runner asks for a run.
      await process.searches.start(users[1]!, aSearch());
      running.add(run());
      await areMatched(users, 3_000);
      await sleep((round * 13) % 60);
    }
    await Promise.all(running);
    // One that came while another was there would have looked at the shard once, in between.
    const turns = follow.mock.calls.map(([, , name]) => name).filter((name, i, names) => name !== names[i - 1]);
    expect(new Set(turns).size).toBe(turns.length);
    expect(await process.redis.exists(runnerKey(SHARD))).toBe(0);
  });

  it('is looked after when its wake-up was lost: whoever waits asks for a run, if nobody runs the shard', async () => {
    const [a] = (await stage.aCrowd(process.database, 1)) as [string];
    await process.searches.start(a, aSearch());
    const asked = vi.spyOn(process.app.get(JobProducer), 'add').mockResolvedValue();
    await process.redis.set(runnerKey(SHARD), 'somebody');
    await process.searches.refresh([a]);
    expect(asked).not.toHaveBeenCalled();
    await process.redis.del(runnerKey(SHARD));
    await process.searches.refresh([a]);
    await process.searches.refresh([a]);
    expect(asked.mock.calls.map(([, job, payload]) => [job, payload])).toEqual([['shard.run', { shard: SHARD }]]);
    await process.searches.cancel(a);
  });

  it('is built anew when claims contradict it, and nobody waits for one who is not there', async () => {
    const [ghost, b, c] = (await stage.aCrowd(process.database, 3)) as [string, string, string];
    const alike = aSearch({ interests: ['go', 'chess', 'tea'] });
    const { searchId } = await process.searches.start(ghost, alike);
    await process.redis.del(runnerKey(SHARD));
    const running = run();
    await sleep(200);
    // Gone without a word in the stream: who likes the same would be proposed for ever.
    await process.redis.hset(ticketKey(SHARD, searchId), 'state', 'X');
    await process.redis.zrem(waitingKey(SHARD), searchId);
    await process.searches.start(b, alike);
    const served = async () => (await process.app.get(Metrics).registry.metrics()).split('\n');
    await eventually(async () => (await served()).includes(`stoa_matching_mirror_rebuilds_total{shard="${SHARD}"} 1`));
    await process.searches.start(c, aSearch());
    await areMatched([b, c]);
    await running;
    expect(await served()).toContain(`stoa_matching_mirror_rebuilds_total{shard="${SHARD}"} 1`);
  });

  // Whoever has a list of their own is learnt anew each time that they come back from a claim.
  it.each([
    ['and has no list', false],
    ['and each of whom has blocked somebody else', true],
  ])('lets nobody stand in the way who must not be met %s', async (_, haveLists) => {
    const [a, b, c, stranger] = (await stage.aCrowd(process.database, 4)) as [string, string, string, string];
    const block = (blocker: string, blocked: string) =>
      process.database.query(
        `INSERT INTO blocks (id, blocker_id, blocked_id, nickname) VALUES (gen_random_uuid(), $1, $2, 'x')`,
        [blocker, blocked],
      );
    if (haveLists) for (const user of [a, b]) await block(user, stranger);
    // Postgres knows of a block that the shard does not: a and b, who like the same, would be proposed for ever.
    for (const user of [a, b]) await process.searches.start(user, aSearch({ interests: ['go', 'chess', 'tea'] }));
    await block(a, b);
    await process.redis.del(runnerKey(SHARD));
    const running = run();
    await sleep(200);
    await process.searches.start(c, aSearch());
    const met = await eventually(async () => (await partnersOf(process.database, [c])).get(c), 5_000);
    expect([a, b]).toContain(met);
    for (const user of [a, b]) await process.searches.drop(user);
    await running;
  });

  it('does not lose the shard while a large one is built', async () => {
    const ghosts = Array.from({ length: 2_500 }, (_, at) => `ghost ${at}`);
    await process.redis.zadd(waitingKey(SHARD), ...ghosts.flatMap((ghost) => [1, ghost]));
    await process.redis.del(runnerKey(SHARD));
    const leases: Promise<number>[] = [];
    onBatch(() => {
      leases.push(process.redis.pttl(runnerKey(SHARD)));
      // As if most of the lease had passed with this batch.
      void process.redis.pexpire(runnerKey(SHARD), 500);
    });
    expect(await feed.follow(SHARD, new ShardMirror(), 'builder')).toBe(true);
    const left = await Promise.all(leases);
    expect(left.length).toBe(3);
    expect(Math.min(...left)).toBeGreaterThan(1_000);
    // Another one took it over meanwhile: it is left to them, and not built to the end.
    leases.length = 0;
    onBatch(() => {
      leases.push(process.redis.pttl(runnerKey(SHARD)));
      void process.redis.set(runnerKey(SHARD), 'another', 'PX', 60_000);
    });
    expect(await feed.follow(SHARD, new ShardMirror(), 'builder')).toBe(false);
    expect([leases.length, await process.redis.get(runnerKey(SHARD))]).toEqual([1, 'another']);
    await process.redis.zrem(waitingKey(SHARD), ...ghosts);
    await process.redis.del(runnerKey(SHARD));
  });

  it('holds nobody, and says how it goes, when the clock of Redis has gone back', async () => {
    const { mirror } = process.app.get(ShardMemory, { strict: false }).of(SHARD);
    await teachManyCome(mirror);
    let backMs = 0;
    const poll = pollScript.run.bind(pollScript);
    vi.spyOn(pollScript, 'run').mockImplementation(async (...args) => {
      const reply = await poll(...args);
      return { ...reply, nowMs: reply.nowMs - backMs };
    });
    const users = await arrive(2);
    // Somebody whom nobody fits: the run goes on.
    const [lonely] = (await stage.aCrowd(process.database, 1)) as [string];
    await process.searches.start(lonely, aSearch({ seeks: { genders: ['woman'] } }));
    await process.redis.del(runnerKey(SHARD));
    const running = run();
    await sleep(200);
    // They hope for better partners still.
    expect((await partnersOf(process.database, users)).size).toBe(0);
    backMs = 3_600_000;
    await areMatched(users, 2_000);
    await process.redis.del(reportKey(SHARD), learningKey(SHARD));
    backMs += 3_600_000;
    await eventually(async () => (await process.redis.exists(reportKey(SHARD), learningKey(SHARD))) === 2, 3_000);
    await process.searches.drop(lonely);
    await running;
  });
});

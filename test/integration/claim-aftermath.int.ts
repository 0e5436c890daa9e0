import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ConversationService } from '../../src/chat/conversation.service.js';
import { ClaimDesk } from '../../src/matching/claim-desk.js';
import { OpeningTransaction } from '../../src/matching/opening.transaction.js';
import { PairClaimer } from '../../src/matching/pair-claimer.js';
import { ShardRunner } from '../../src/matching/shard-runner.js';
import { ShardSweeper } from '../../src/matching/shard-sweeper.js';
import { claimsKey, runnerKey, waitingKey } from '../../src/matching/shard.keys.js';
import { Metrics } from '../../src/platform/metrics/metrics.js';
import { Clock } from '../../src/platform/time/clock.js';
import { aSearch, eventually, partnersOf, startMatchingStage } from '../support/matching-stage.js';
import type { MatchingProcess, MatchingStage } from '../support/matching-stage.js';

// A worker commits a match and dies before it settles the claim. What the sweep makes of it later.

const SHARD = 'all';

let stage: MatchingStage;
let process: MatchingProcess;

beforeAll(async () => {
  stage = await startMatchingStage();
  process = await stage.startProcess('api');
});
afterAll(() => stage?.stop());
afterEach(() => vi.restoreAllMocks());

const waiting = () => process.redis.zrange(waitingKey(SHARD), '0', '-1');

/** Runs the shard until `isDone`. */
async function run(isDone: () => Promise<boolean>): Promise<void> {
  await process.redis.del(runnerKey(SHARD));
  const end = new AbortController();
  const running = process.app.get(ShardRunner, { strict: false }).run(SHARD, end.signal);
  await eventually(isDone);
  end.abort();
  await running;
}

/** Two who talk, by a claim that nobody has settled. */
async function anOpenClaim() {
  const [a, b] = (await stage.aCrowd(process.database, 2)) as [string, string];
  const { searchId } = await process.searches.start(a, aSearch());
  await process.searches.start(b, aSearch());
  vi.spyOn(process.app.get(ClaimDesk, { strict: false }), 'conclude').mockRejectedValueOnce(new Error('killed'));
  await run(async () => (await partnersOf(process.database, [a])).get(a) === b);
  expect(await waiting()).toHaveLength(2);
  return { a, b, searchId };
}

const part = (user: string) => process.app.get(ConversationService, { strict: false }).endOf(user, 'left', user);

/** As when the claims' leases have run out. */
async function sweep(): Promise<void> {
  for (const claimId of await process.redis.zrange(claimsKey(SHARD), '0', '-1'))
    await process.redis.zadd(claimsKey(SHARD), 1, claimId);
  await process.app.get(ShardSweeper, { strict: false }).sweep(SHARD);
  expect(await process.redis.zcard(claimsKey(SHARD))).toBe(0);
}

describe('a match that was committed and never settled', () => {
  it('ends the searches of those who talk', async () => {
    const { a } = await anOpenClaim();
    await sweep();
    expect(await waiting()).toEqual([]);
    await part(a);
  });

  it('brings nobody back into the pool who has left the conversation since', async () => {
    const { a, b } = await anOpenClaim();
    await part(a);
    await sweep();
    expect(await waiting()).toEqual([]);
    for (const user of [a, b]) expect(await process.searches.statusOf(user)).toBeUndefined();
    await process.searches.refresh([a, b]);
    expect(await waiting()).toEqual([]);
    const next = await process.searches.start(b, aSearch());
    expect(await waiting()).toEqual([next.searchId]);
    await process.searches.cancel(b);
  });

  it('keeps the search of whoever left to search again', async () => {
    const { a, b, searchId } = await anOpenClaim();
    await part(a);
    expect((await process.searches.start(a, aSearch())).searchId).toBe(searchId);
    await sweep();
    expect(await waiting()).toEqual([searchId]);
    const [c] = (await stage.aCrowd(process.database, 1)) as [string];
    await process.searches.start(c, aSearch());
    await run(async () => (await partnersOf(process.database, [c])).get(c) === a);
    expect((await partnersOf(process.database, [b])).size).toBe(0);
    await part(a);
  });

  it('gives both their places back when it was not committed', async () => {
    const [a, b] = (await stage.aCrowd(process.database, 2)) as [string, string];
    const searches = await Promise.all(
      [a, b].map(async (userId) => ({ ...(await process.searches.start(userId, aSearch())), userId, version: 1 })),
    );
    const [claim] = await process.app
      .get(ClaimDesk, { strict: false })
      .claim(SHARD, [{ a: searches[0]!, b: searches[1]! }]);
    expect(claim!.reply).toBe('claimed');
    await sweep();
    await run(async () => (await partnersOf(process.database, [a])).get(a) === b);
    await part(a);
  });
});

describe('claims in doubt are counted by how they went on, and why', () => {
  const count = async (metric: string, labels: string): Promise<number> => {
    const lines = (await process.app.get(Metrics).registry.metrics()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${metric}{shard="${SHARD}",${labels}}`))?.split(' ')[1] ?? 0);
  };
  const resolved = (fate: string, reason: string) =>
    count('stoa_matching_resolved_total', `fate="${fate}",reason="${reason}"`);
  const claims = (outcome: string) => count('stoa_matching_claims_total', `outcome="${outcome}"`);
  const opening = () => process.app.get(OpeningTransaction, { strict: false });

  const twoSearch = async (): Promise<[string, string]> => {
    const users = (await stage.aCrowd(process.database, 2)) as [string, string];
    for (const user of users) await process.searches.start(user, aSearch());
    return users;
  };
  const untilMatched = (a: string) => run(async () => (await partnersOf(process.database, [a])).size === 1);

  it('failed: Postgres does not say what became of it', async () => {
    const before = [await resolved('release', 'failed'), await claims('failed')] as const;
    const [a] = await twoSearch();
    vi.spyOn(opening(), 'commit').mockRejectedValueOnce(new Error('Postgres is away'));
    await untilMatched(a);
    expect([await resolved('release', 'failed'), await claims('failed')]).toEqual([before[0] + 2, before[1] + 1]);
    await part(a);
  });

  it('late: the worker was held up while it was opened', async () => {
    const before = await resolved('settle', 'late');
    const [a] = await twoSearch();
    let heldMs = 0;
    vi.spyOn(process.app.get(Clock, { strict: false }), 'monotonicMs').mockImplementation(() => heldMs);
    const commit = opening().commit.bind(opening());
    vi.spyOn(opening(), 'commit').mockImplementationOnce(async (...args) => {
      const outcomes = await commit(...args);
      heldMs = 10_000;
      return outcomes;
    });
    await untilMatched(a);
    expect(await resolved('settle', 'late')).toBe(before + 2);
    await part(a);
  });

  it('lease: the worker was held up before that, and the sweep finds it', async () => {
    const before = [await resolved('release', 'lease'), await claims('late')] as const;
    const [a, b] = await twoSearch();
    const claimer = process.app.get(PairClaimer, { strict: false });
    const claim = claimer.claim.bind(claimer);
    const now = performance.now.bind(performance);
    vi.spyOn(claimer, 'claim').mockImplementation(async (...args) => {
      const claimed = await claim(...args);
      if (claimed.length > 0) vi.spyOn(performance, 'now').mockImplementation(() => now() + 4_000);
      return claimed;
    });
    await run(async () => (await claims('late')) === before[1] + 1);
    vi.restoreAllMocks();
    await sweep();
    expect(await resolved('release', 'lease')).toBe(before[0] + 2);
    for (const user of [a, b]) await process.searches.cancel(user);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { SEARCH_LEASE_MS } from '../../src/matching/search.limits.js';
import { sweepScript } from '../../src/matching/search.scripts.js';
import { ShardMirror } from '../../src/matching/shard-mirror.js';
import {
  avoidKey,
  blockKey,
  claimsKey,
  deltasKey,
  homeKey,
  leasesKey,
  runnerKey,
  userKey,
  waitingKey,
} from '../../src/matching/shard.keys.js';
import type { Avoidance } from '../../src/safety/avoidance.types.js';
import { ContractShard, SOON } from './contract-shard.js';

/** What the header of each script promises, one step after the other, on a shard of its own. Throws at the first broken one. */
export class ScriptContract extends ContractShard {
  async check(): Promise<void> {
    await this.entering();
    await this.leaving();
    await this.parting();
    await this.partingTold();
    await this.claiming();
    await this.claimingWhoMustNotMeet();
    await this.settling();
    await this.releasing();
    await this.cancellingAClaim();
    await this.renewing();
    await this.sweeping();
    await this.running();
    await this.blocking();
    await this.home();
  }

  private async entering(): Promise<void> {
    await this.mirrored();
    await this.redis.del(runnerKey(this.shard));
    const search = { searchId: randomUUID(), userId: randomUUID(), version: 1 };
    const first = await this.put(search, { sinceMs: 5_000 });
    assert.deepEqual(first, { status: 'new', searchId: search.searchId, sinceMs: 5_000, wake: true });
    const again = await this.put(search, { sinceMs: 9_000 });
    assert.deepEqual(again, { status: 'live', searchId: search.searchId, sinceMs: 5_000, wake: false });
    assert.equal(await this.redis.zscore(waitingKey(this.shard), search.searchId), '5000');
    assert.equal(await this.redis.get(userKey(this.shard, search.userId)), search.searchId);
    await this.mirrored(search);
    const other = await this.put({ searchId: randomUUID(), userId: search.userId });
    assert.deepEqual([other.status, other.searchId], ['other', search.searchId]);
    assert.equal((await this.put(search, { attrs: '[3,1,[155],["go"],0,0]' })).status, 'live');
    const edited = { ...search, version: 2 };
    await this.mirrored(edited);
    await this.redis.zadd(leasesKey(this.shard), 9e15, search.searchId);
    await this.put(search);
    assert.equal(Number(await this.leaseOf(search)), 9e15, 'a start never shortens a lease');
    assert.equal(await this.end(search), 'cancelled');
    assert.equal((await this.put(search)).status, 'ended');
    await this.isGone(search);
    const now = await this.enter();
    assert.ok(Math.abs(Number(await this.field(now, 'since')) - Date.now()) < 5_000);
    await this.end(now);
    await this.mirrored();
  }

  private async leaving(): Promise<void> {
    const recent = [{ userId: randomUUID(), untilMs: Date.now() + SOON }];
    const search = await this.enter({ blocked: [randomUUID()], recent });
    assert.ok((await this.redis.pttl(avoidKey(this.shard, search.userId))) > SOON / 2);
    assert.equal(await this.redis.pttl(blockKey(this.shard, search.userId)), -1, 'blocks are not forgotten');
    assert.equal(await this.end(search, true), 'alive');
    await this.mirrored(search);
    await this.die(search);
    assert.equal(await this.end(search, true), 'cancelled');
    assert.equal(await this.end(search), 'absent');
    await this.isGone(search);
    await this.mirrored();
    const early = { searchId: randomUUID(), userId: randomUUID(), version: 1 };
    assert.equal(await this.end(early), 'absent');
    assert.equal((await this.put(early)).status, 'ended', 'a start that comes after its cancel');
  }

  private async parting(): Promise<void> {
    const drop = (search: { searchId: string; userId: string }) =>
      this.queue.cancel({ ...search, shard: this.shard }, { why: 'lost', onlyIfDead: true });
    const leave = (search: { searchId: string }) => this.queue.leave({ ...search, shard: this.shard }, SOON, 'gave_up');
    const [a, b, c] = [await this.enter(), await this.enter(), await this.enter()];
    await this.mirrored(a, b, c);
    for (const search of [a, b]) {
      await this.die(search);
      this.mirror.take(search.searchId);
      assert.equal(await leave(search), true);
      assert.equal(await drop(search), 'alive', 'who left may return');
      await this.mirrored(a, b, c);
    }
    await this.queue.touch(this.shard, [a.searchId], SOON);
    await this.die(a);
    assert.equal(await drop(a), 'cancelled');
    await this.mirrored(b, c);
    assert.equal(this.departures.at(-1), `${a.searchId} lost`, 'who returned has not left');
    const leftAtMs = Number(await this.field(b, 'leftAt'));
    await this.die(b);
    assert.equal(await drop(b), 'cancelled');
    await this.mirrored(c);
    assert.deepEqual([this.departures.at(-1), this.departedAtMs], [`${b.searchId} gave_up`, leftAtMs]);
    const leaseEndMs = Date.now() - 5_000;
    await this.redis.zadd(leasesKey(this.shard), leaseEndMs, c.searchId);
    assert.equal(await drop(c), 'cancelled');
    await this.mirrored();
    assert.deepEqual(
      [this.departures.at(-1), this.departedAtMs],
      [`${c.searchId} lost`, leaseEndMs - SEARCH_LEASE_MS],
      'as of the last sign of life',
    );
    assert.equal(await leave(c), false);
    await this.isGone(c);
  }

  private async partingTold(): Promise<void> {
    const leave = (search: { searchId: string }) => this.queue.leave({ ...search, shard: this.shard }, SOON, 'lost');
    const [a, b] = [await this.enter(), await this.enter()];
    const told = await this.redis.xlen(deltasKey(this.shard));
    await leave(a);
    assert.equal(await this.redis.xlen(deltasKey(this.shard)), told, 'only the return from the dead is told');
    await this.redis.zrem(leasesKey(this.shard), a.searchId);
    await leave(a);
    assert.equal(await this.redis.xlen(deltasKey(this.shard)), told + 1, 'no lease is none that lasts');
    const [claim] = await this.claim([a, b]);
    await this.die(a);
    await leave(a);
    await this.mirrored();
    await this.conclude(claim!.claimId, [
      [a, 'settle'],
      [b, 'settle'],
    ]);
  }

  private async claiming(): Promise<void> {
    const [a, b, c] = [await this.enter(), await this.enter(), await this.enter()];
    assert.equal(await this.replyTo({ ...a, version: 2 }, b), 'stale');
    assert.equal(await this.replyTo(b, { ...a, version: 2 }), 'stale');
    for (const [x, y, reply] of [
      [a, b, 'dead_a'],
      [b, a, 'dead_b'],
    ] as const) {
      await this.die(a);
      assert.equal(await this.replyTo(x, y), reply);
      await this.redis.zrem(leasesKey(this.shard), a.searchId);
      assert.equal(await this.replyTo(x, y), reply);
      this.mirror.take(a.searchId);
      await this.put(a);
      await this.mirrored(a, b, c);
      await this.die(a);
      await this.put(a);
    }
    const twin = { ...b, userId: a.userId };
    assert.equal(await this.replyTo(a, twin), 'avoided');
    await this.mirrored(a, b, c);
    const [first, second, third] = await this.claim([a, b], [b, c], [c, a]);
    assert.deepEqual([first!.reply, second!.reply, third!.reply], ['claimed', 'gone', 'gone']);
    assert.deepEqual(
      [await this.field(a, 'state'), await this.field(b, 'state'), await this.field(c, 'state')],
      ['C', 'C', 'W'],
    );
    assert.ok(Number(await this.redis.zscore(claimsKey(this.shard), first!.claimId)) > Date.now());
    assert.deepEqual([await this.field(a, 'claim'), await this.field(b, 'claim')], [first!.claimId, first!.claimId]);
    await this.mirrored(c);
    await this.conclude(first!.claimId, [
      [a, 'settle'],
      [b, 'settle'],
    ]);
    await this.end(c);
    await this.claimingWhoChangesTheirMind();
  }

  /** Wishes that change in a claim are not its claim's, but those of the search that comes back from it. */
  private async claimingWhoChangesTheirMind(): Promise<void> {
    const [a, b] = [await this.enter(), await this.enter()];
    const [claim] = await this.claim([a, b]);
    await this.mirrored();
    const [deltas, attrs] = [await this.redis.xlen(deltasKey(this.shard)), '[3,1,[155],["go"],0,0]'];
    const [lease, recent] = [await this.leaseOf(a), [{ userId: randomUUID(), untilMs: Date.now() + SOON }]];
    assert.equal((await this.put(a, { attrs, avoidance: { blocked: [], recent } })).status, 'live');
    assert.equal(await this.redis.xlen(deltasKey(this.shard)), deltas, 'who is claimed waits for nobody');
    assert.deepEqual([await this.field(a, 'state'), await this.field(a, 'claim')], ['C', claim!.claimId]);
    assert.equal(await this.field(b, 'version'), '1');
    await this.put(b);
    assert.equal(await this.field(b, 'version'), '1', 'the same wishes are no others');
    assert.ok(Number(await this.leaseOf(a)) >= Number(lease));
    await this.conclude(claim!.claimId, [
      [a, 'release'],
      [b, 'release'],
    ]);
    const edited = { ...a, version: 2 };
    await this.mirrored(edited, b);
    const seen = this.mirror.pool.get(a.searchId)!;
    assert.deepEqual(this.mirror.sharedInterests(seen, seen), ['go'], 'the wishes that were told last');
    assert.equal(this.mirror.policy.avoids(a.userId, recent[0]!.userId), true);
    assert.equal(await this.replyTo(a, b), 'stale', 'nobody is claimed by what they wished before');
    const [again] = await this.claim([edited, b]);
    await this.put(edited);
    assert.equal(await this.field(a, 'version'), '3');
    await this.conclude(again!.claimId, [
      [edited, 'settle'],
      [b, 'settle'],
    ]);
    for (const search of [a, b]) await this.isGone(search);
    await this.mirrored();
  }

  private async claimingWhoMustNotMeet(): Promise<void> {
    const a = await this.enter();
    const met = (untilMs: number): Avoidance => ({ blocked: [], recent: [{ userId: a.userId, untilMs }] });
    const recent = await this.enter(met(Date.now() + SOON));
    const blocker = await this.enter({ blocked: [a.userId], recent: [] });
    for (const other of [recent, blocker]) {
      assert.equal(await this.replyTo(a, other), 'avoided');
      assert.equal(await this.replyTo(other, a), 'avoided');
    }
    await this.mirrored(a, recent, blocker);
    const past = await this.enter(met(Date.now() + SOON));
    await this.redis.zadd(avoidKey(this.shard, past.userId), 1, a.userId);
    const [answer] = await this.claim([a, past]);
    assert.equal(answer!.reply, 'claimed', 'what is long ago counts no more');
    await this.conclude(answer!.claimId, [
      [a, 'settle'],
      [past, 'settle'],
    ]);
    for (const search of [recent, blocker]) await this.end(search);
  }

  private async settling(): Promise<void> {
    const [a, b] = [await this.enter(), await this.enter({ blocked: [randomUUID()], recent: [] })];
    const [claim] = await this.claim([a, b]);
    await this.conclude('another', [[a, 'settle']]);
    assert.equal(await this.field(a, 'state'), 'C', 'a claim is concluded by its own id');
    await this.conclude(claim!.claimId, [
      [a, 'settle'],
      [b, 'settle'],
    ]);
    await this.isGone(a);
    await this.isGone(b);
    assert.equal(await this.redis.zscore(claimsKey(this.shard), claim!.claimId), null);
    assert.equal(await this.end(a), 'matched');
    assert.equal((await this.put(a)).status, 'ended');
    await this.conclude(claim!.claimId, [[a, 'settle']]);
    const [c, d] = [await this.enter(), await this.enter()];
    const [late] = await this.claim([c, d]);
    await this.conclude(late!.claimId, [
      [c, 'release'],
      [d, 'release'],
    ]);
    await this.mirrored(c, d);
    await this.conclude(late!.claimId, [
      [c, 'settle'],
      [d, 'settle'],
    ]);
    await this.mirrored();
    await this.isGone(c);
    await this.settlingByAnother();
    await this.settlingWhoMet();
  }

  /** After a conversation that is over: only who has started again since the claim goes on. */
  private async settlingWhoMet(): Promise<void> {
    const [a, b, c] = [await this.enter(), await this.enter(), await this.enter()];
    for (const search of [a, b, c]) assert.equal((await this.put(search)).status, 'live', 'not claimed: not marked');
    const [first] = await this.claim([a, b]);
    await this.put(a);
    await this.conclude(first!.claimId, [
      [a, 'met'],
      [b, 'met'],
    ]);
    assert.equal(await this.redis.zscore(claimsKey(this.shard), first!.claimId), null);
    await this.isGone(b);
    await this.mirrored(a, c);
    await this.conclude(first!.claimId, [[a, 'met']]);
    await this.mirrored(a, c);
    const [second] = await this.claim([a, c]);
    await this.conclude(second!.claimId, [
      [a, 'met'],
      [c, 'met'],
    ]);
    for (const search of [a, c]) await this.isGone(search);
    const [d, e] = [await this.enter(), await this.enter()];
    const [third] = await this.claim([d, e]);
    await this.put(d);
    await this.conclude(third!.claimId, [
      [d, 'settle'],
      [e, 'settle'],
    ]);
    for (const search of [d, e]) await this.isGone(search);
  }

  /** Who talks by an older claim does not search on after the newer one, unless they start again. */
  private async settlingByAnother(): Promise<void> {
    for (const startsAgain of [false, true]) {
      const [a, b] = [await this.enter(), await this.enter()];
      const [claim] = await this.claim([a, b]);
      await this.conclude('older', [[a, 'settle']]);
      assert.equal(await this.field(a, 'state'), 'C');
      if (startsAgain) assert.equal((await this.put(a)).status, 'live');
      await this.conclude(claim!.claimId, [
        [a, 'release'],
        [b, 'release'],
      ]);
      await this.mirrored(...(startsAgain ? [a, b] : [b]));
      if (startsAgain) await this.end(a);
      await this.isGone(a);
      await this.end(b);
    }
  }

  private async releasing(): Promise<void> {
    const [a, b] = [await this.enter(), await this.enter()];
    const since = await this.field(a, 'since');
    const [claim] = await this.claim([a, b]);
    await this.conclude('another', [[a, 'release']]);
    assert.equal(await this.field(a, 'state'), 'C');
    await this.conclude(claim!.claimId, [
      [b, 'settle'],
      [a, 'release'],
    ]);
    assert.equal(await this.redis.zscore(claimsKey(this.shard), claim!.claimId), null);
    await this.isGone(b);
    assert.deepEqual(
      [await this.field(a, 'state'), await this.field(a, 'since'), await this.field(a, 'claim')],
      ['W', since, null],
    );
    await this.mirrored(a);
    const deltas = await this.redis.xlen(deltasKey(this.shard));
    await this.conclude(claim!.claimId, [[a, 'release']]);
    assert.equal(await this.redis.xlen(deltasKey(this.shard)), deltas, 'released once');
    await this.end(a);
  }

  private async cancellingAClaim(): Promise<void> {
    const pair = async () => {
      const [a, b] = [await this.enter(), await this.enter()];
      const [claim] = await this.claim([a, b]);
      return { a, b, claimId: claim!.claimId };
    };
    const refused = await pair();
    await this.die(refused.b);
    assert.equal(await this.end(refused.b, true), 'claimed');
    await this.queue.touch(this.shard, [refused.b.searchId], SOON);
    await this.mirrored();
    assert.equal(await this.end(refused.a), 'claimed');
    await this.conclude(refused.claimId, [
      [refused.a, 'release'],
      [refused.b, 'release'],
    ]);
    await this.isGone(refused.a);
    assert.equal(await this.end(refused.a), 'absent');
    await this.mirrored(refused.b);
    assert.equal(this.departures.at(-1), `${refused.a.searchId} gave_up`, 'an end during a claim is learnt');
    await this.end(refused.b);
    const back = await pair();
    await this.end(back.a);
    assert.equal((await this.put(back.a)).status, 'live');
    await this.conclude(back.claimId, [
      [back.a, 'release'],
      [back.b, 'release'],
    ]);
    await this.mirrored(back.a, back.b);
    for (const search of [back.a, back.b]) await this.end(search);
  }

  private async renewing(): Promise<void> {
    const [a, b] = [await this.enter(), await this.enter()];
    await this.die(a);
    await this.end(b);
    const stranger = randomUUID();
    const touch = (...ids: string[]) => this.queue.touch(this.shard, ids, SOON);
    await this.mirrored(a);
    this.mirror.take(a.searchId);
    assert.deepEqual(await touch(a.searchId, b.searchId, stranger), ['live', 'ended', 'unknown']);
    await this.mirrored(a);
    const deltas = await this.redis.xlen(deltasKey(this.shard));
    await touch(a.searchId);
    assert.equal(await this.redis.xlen(deltasKey(this.shard)), deltas, 'only the return from the dead is told');
    assert.ok(Number(await this.leaseOf(a)) > Date.now() + SOON / 2);
    assert.equal(await this.redis.zcard(leasesKey(this.shard)), 1);
    await this.die(a);
    assert.equal(await this.end(a, true), 'cancelled');
    assert.deepEqual(await touch(a.searchId), ['lost']);
    const [c, d] = [await this.enter(), await this.enter()];
    const [claim] = await this.claim([c, d]);
    for (const search of [c, d]) await this.queue.cancel({ ...search, shard: this.shard }, { why: 'lost' });
    await this.conclude(claim!.claimId, [
      [c, 'release'],
      [d, 'release'],
    ]);
    const e = await this.enter();
    await this.queue.cancel({ ...e, shard: this.shard }, { why: 'lost' });
    assert.deepEqual(await touch(c.searchId, e.searchId), ['ended', 'ended'], 'nobody comes back who was ended');
  }

  private async sweeping(): Promise<void> {
    const keys = [claimsKey(this.shard), leasesKey(this.shard), waitingKey(this.shard), runnerKey(this.shard)];
    const sweep = () => sweepScript.run(this.redis, keys, [100, 2_000]);
    await this.redis.del(runnerKey(this.shard));
    assert.deepEqual(await sweep(), { claimIds: [], searchIds: [], wake: false });
    const [a, b, c] = [await this.enter(), await this.enter(), await this.enter()];
    const [claim] = await this.claim([a, b]);
    assert.deepEqual(await sweep(), { claimIds: [], searchIds: [], wake: false });
    await this.redis.del(runnerKey(this.shard));
    await this.die(c);
    await this.redis.zadd(claimsKey(this.shard), 1, claim!.claimId);
    assert.deepEqual(await sweep(), { claimIds: [claim!.claimId], searchIds: [c.searchId], wake: true });
    assert.equal((await sweep()).wake, false);
    await this.conclude(claim!.claimId, [
      [a, 'settle'],
      [b, 'settle'],
    ]);
    await this.end(c);
  }

  private async running(): Promise<void> {
    const key = runnerKey(this.shard);
    await this.redis.set(key, 'another');
    assert.equal(await this.feed.follow(this.shard, this.mirror, this.runner), false);
    assert.equal(await this.feed.rest(this.shard, this.runner, true), 'lost');
    assert.equal(await this.redis.get(key), 'another');
    await this.redis.set(key, 'wanted');
    const a = await this.enter();
    await this.redis.set(key, 'wanted');
    assert.equal(await this.feed.follow(this.shard, this.mirror, this.runner), true);
    assert.equal(await this.redis.get(key), this.runner);
    assert.ok((await this.redis.pttl(key)) > 0, 'a runner that dies is missed');
    await this.mirrored(a);
    assert.equal(await this.feed.rest(this.shard, this.runner, false), 'busy');
    // A mirror that missed what the stream has forgotten is built anew.
    const behind = new ShardMirror();
    await this.feed.follow(this.shard, behind, this.runner);
    const b = await this.enter();
    await this.enter().then((c) => this.end(c));
    await this.redis.xtrim(deltasKey(this.shard), 'MAXLEN', 1);
    await this.feed.follow(this.shard, behind, this.runner);
    assert.equal(behind.pool.size, 2);
    assert.equal(await this.feed.rest(this.shard, this.runner, true), 'rested');
    assert.equal(await this.redis.exists(key), 0);
    for (const search of [a, b]) await this.end(search);
    await this.mirrored();
    assert.equal(await this.feed.rest(this.shard, this.runner, false), 'rested');
  }

  private async blocking(): Promise<void> {
    const [a, b] = [await this.enter(), await this.enter()];
    await this.mirrored(a, b);
    await this.queue.block({ ...a, shard: this.shard }, b.userId);
    await this.mirrored(a, b);
    assert.equal(this.mirror.policy.avoids(a.userId, b.userId), true);
    assert.equal(await this.replyTo(a, b), 'avoided');
    const recent = [{ userId: b.userId, untilMs: Date.now() + SOON }];
    await this.queue.unblock({ ...a, shard: this.shard }, b.userId);
    await this.mirrored(a, b);
    assert.equal(this.mirror.policy.avoids(a.userId, b.userId), false);
    const [claim] = await this.claim([a, b]);
    assert.equal(claim!.reply, 'claimed', 'until the block was taken back');
    await this.queue.unblock({ ...a, shard: this.shard }, b.userId);
    await this.mirrored();
    await this.conclude(claim!.claimId, [
      [a, 'release'],
      [b, 'release'],
    ]);
    await this.put(a, { avoidance: { blocked: [b.userId], recent } });
    await this.queue.unblock({ ...a, shard: this.shard }, b.userId);
    assert.equal(await this.replyTo(a, b), 'avoided', 'a recent partner stays one');
    await this.mirrored(a, b);
    assert.equal(this.mirror.policy.avoids(a.userId, b.userId), true);
    await this.end(a);
    await this.queue.block({ ...a, shard: this.shard }, b.userId);
    assert.equal(await this.redis.exists(blockKey(this.shard, a.userId)), 0);
    await this.end(b);
  }

  private async home(): Promise<void> {
    const userId = randomUUID();
    const [first, second] = ['one', 'two'].map((searchId) => ({ shard: this.shard, searchId })) as [
      { shard: string; searchId: string },
      { shard: string; searchId: string },
    ];
    assert.deepEqual(await this.queue.takeHome(userId, first), first);
    assert.deepEqual(await this.queue.takeHome(userId, second), first);
    await this.queue.leaveHome({ ...second, userId });
    assert.deepEqual(await this.queue.homeOf(userId), first);
    assert.ok((await this.redis.pttl(homeKey(userId))) > 0);
    await this.queue.leaveHome({ ...first, userId });
    assert.equal(await this.queue.homeOf(userId), undefined);
  }
}

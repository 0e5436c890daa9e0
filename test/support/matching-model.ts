import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { ConversationService } from '../../src/chat/conversation.service.js';
import { ClaimDesk } from '../../src/matching/claim-desk.js';
import type { Claim } from '../../src/matching/claim.types.js';
import { ClaimResolver } from '../../src/matching/claim-resolver.js';
import { MatchOpener } from '../../src/matching/match-opener.js';
import { OpeningTransaction } from '../../src/matching/opening.transaction.js';
import { ShardSweeper } from '../../src/matching/shard-sweeper.js';
import { claimsKey, leasesKey } from '../../src/matching/shard.keys.js';
import { JobProducer } from '../../src/platform/queue/job-producer.js';
import { RedisEpoch } from '../../src/platform/redis/redis-epoch.js';
import { BlockService } from '../../src/safety/block.service.js';
import { aTicket } from '../../src/matching/ticket.arbitrary.js';
import { aSearch, partnersOf } from './matching-stage.js';
import type { MatchingProcess, MatchingStage } from './matching-stage.js';
import { ModelView, SHARD } from './matching-model.view.js';
import type { Waiting } from './matching-model.view.js';

/** People of one run. */
const PEOPLE = 6;

const person = fc.nat(PEOPLE - 1);
const process = fc.nat(1);
const couple = fc.tuple(person, person);

/** How a worker goes on after a claim. `crash…`: never again; `pause`: much later, when the sweep has been there. */
const afterClaim = fc.constantFrom('open', 'open', 'crash', 'crash after commit', 'pause', 'pause', 'twice');

const anyOp = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('start' as const), who: person, on: process, wish: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('cancel' as const), who: person, on: process }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('drop' as const), who: person, on: process }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('fade' as const), who: person }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('claim' as const),
      couples: fc.array(couple, { minLength: 1, maxLength: 3 }),
      stale: fc.boolean(),
      next: afterClaim,
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('block' as const), couple }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('leave' as const), who: person }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('beat' as const), on: process }) },
);
const aloneOp = fc.record({
  op: fc.constantFrom('sweep' as const, 'resume' as const, 'resume' as const, 'flush' as const),
});

/** Rounds of what happens at once. */
export const anyHistory = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.array(anyOp, { minLength: 1, maxLength: 5 }) },
    { weight: 2, arbitrary: fc.tuple(aloneOp) },
  ),
  { minLength: 3, maxLength: 14 },
);
type ValueOf<A> = A extends fc.Arbitrary<infer Value> ? Value : never;
type Op = ValueOf<typeof anyOp> | ValueOf<typeof aloneOp>;
export type History = Op[][];

/** What each person was told last, as far as one event at a time lets us know: `unknown` after contradicting ones at once. */
type Wish = 'search' | 'idle' | 'unknown';

/** Drives matching through a history on real stores, playing people, api processes and workers, and looks for broken promises. */
export class MatchingModel {
  private users: string[] = [];
  private wishes = new Map<string, Wish>();
  /** Which api process each person is connected to: the one that they last spoke to. */
  private connected = new Map<string, MatchingProcess>();
  private snapshot = new Map<string, Waiting>();
  /** Claims that nobody concluded yet, and whose worker may come back. */
  private paused: Claim[] = [];
  private crashed: Claim[] = [];
  /** Claims that were swept while their worker was paused. */
  private late: Claim[] = [];
  private readonly view: ModelView;

  constructor(
    private readonly stage: MatchingStage,
    private readonly apis: readonly [MatchingProcess, MatchingProcess],
  ) {
    this.view = new ModelView(apis[0]);
    for (const { app } of apis) {
      // Time is made to pass by hand here, an emptied Redis is noticed by hand, and nobody answers wake-ups.
      app.get(RedisEpoch).onApplicationShutdown();
      Object.defineProperty(app.get(RedisEpoch), 'stableForMs', { get: () => Infinity });
      app.get(JobProducer).add = () => Promise.resolve();
    }
  }

  /** @throws when a promise is broken */
  async live(history: History): Promise<void> {
    await Promise.all(this.apis.map(({ searches }) => searches.refresh([])));
    await this.view.redis.flushall();
    this.users = await this.stage.aCrowd(this.view.database, PEOPLE);
    this.wishes = new Map(this.users.map((user) => [user, 'idle']));
    this.paused = [];
    this.crashed = [];
    this.late = [];
    this.connected = new Map();
    await this.view.meetLately(this.users[0]!, this.users[1]!);
    await this.view.block(this.users[2]!, this.users[3]!);
    for (const round of history) {
      const before = await this.view.tickets();
      await allOf(round.map((op) => this.act(op, before, round)));
      if (!round.some(({ op }) => op === 'claim')) this.snapshot = before;
      await this.view.check(this.unresolved());
    }
    await this.recover();
  }

  private unresolved(): Claim[] {
    return [...this.paused, ...this.crashed];
  }

  private act(op: Op, before: Map<string, Waiting>, round: Op[]): Promise<void> {
    switch (op.op) {
      case 'start':
        return this.start(this.users[op.who]!, this.connect(op), op.wish, round);
      case 'cancel':
        return this.cancel(this.users[op.who]!, this.connect(op), round);
      case 'drop':
        return this.drop(this.users[op.who]!, this.connect(op), round);
      case 'fade':
        return this.fade(this.users[op.who]!);
      case 'claim':
        return this.claim(op, op.stale ? this.snapshot : before, round);
      case 'block':
        return this.block(op.couple);
      case 'leave':
        return this.leave(this.users[op.who]!);
      case 'beat':
        return this.beat(this.apis[op.on]!);
      case 'sweep':
        return this.sweep();
      case 'resume':
        return this.resume();
      case 'flush':
        return this.flush();
    }
  }

  private connect({ who, on }: { who: number; on: number }): MatchingProcess {
    const api = this.apis[on]!;
    this.connected.set(this.users[who]!, api);
    return api;
  }

  private beat(api: MatchingProcess): Promise<void> {
    return api.searches.refresh(this.users.filter((user) => this.connected.get(user) === api));
  }

  /** Sure of a wish only when nothing else about this person happened in the round. */
  private note(user: string, wish: Wish, round: Op[]): void {
    const who = this.users.indexOf(user);
    const own = round.filter((op) => 'who' in op && op.who === who && op.op !== 'leave');
    this.wishes.set(user, own.length === 1 ? wish : 'unknown');
  }

  private async start(user: string, api: MatchingProcess, wish: number, round: Op[]): Promise<void> {
    const interests = wish === 0 ? [] : ['chess'];
    try {
      await api.searches.start(user, aSearch({ interests }));
      this.note(user, 'search', round);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ALREADY_CHATTING') throw error;
      this.note(user, 'idle', round);
    }
  }

  private async cancel(user: string, api: MatchingProcess, round: Op[]): Promise<void> {
    // A claim that nobody concludes would be waited for: the sweep is played when there is one.
    const hangs = round.some((op) => op.op === 'claim' && op.next !== 'open' && op.next !== 'twice');
    if (hangs || this.unresolved().some(({ pair }) => pair.a.userId === user || pair.b.userId === user)) {
      // They only look, as everybody does who comes to another process.
      await api.searches.statusOf(user);
      return;
    }
    const reply = await api.searches.cancel(user);
    this.note(user, reply === 'not_searching' ? 'unknown' : 'idle', round);
    const talks = (await partnersOf(this.view.database, [user])).has(user);
    const alone = round.filter((op) => 'who' in op && this.users[op.who] === user).length === 1;
    if (alone && reply === 'cancelled' && talks) throw new Error('broken: told of a cancel, but matched');
  }

  private async drop(user: string, api: MatchingProcess, round: Op[]): Promise<void> {
    this.connected.delete(user);
    await api.searches.drop(user);
    this.note(user, 'idle', round);
  }

  /** Their process is gone: nobody renews the lease, and nobody remembers the search. */
  private async fade(user: string): Promise<void> {
    const search = [...(await this.view.tickets()).values()].find((ticket) => ticket.userId === user);
    this.connected.delete(user);
    if (search) await this.view.redis.zadd(leasesKey(SHARD), 'XX', 1, search.searchId);
    this.wishes.set(user, 'unknown');
  }

  private async claim(
    { couples, next }: { couples: (readonly [number, number])[]; next: string },
    seen: Map<string, Waiting>,
    round: Op[],
  ): Promise<void> {
    const searchOf = (who: number) => [...seen.values()].find(({ userId }) => userId === this.users[who]);
    const now = await this.view.tickets();
    // Of whom nothing else is heard in this round: those stay dead.
    const spoke = new Set(round.flatMap((op) => ('who' in op ? [this.users[op.who]!] : [])));
    const dead = (await this.view.deadSearches()).filter((id) => !spoke.has(now.get(id)?.userId ?? ''));
    const pairs = couples.flatMap(([x, y]) => {
      const [a, b] = [searchOf(x), searchOf(y)];
      return a && b ? [{ a: aTicket(a), b: aTicket(b), score: 0.5 }] : [];
    });
    if (pairs.length === 0) return;
    const { app } = this.apis[0];
    const answers = await app.get(ClaimDesk, { strict: false }).claim(SHARD, pairs);
    const claimed = answers.filter(({ reply }) => reply === 'claimed');
    for (const { pair } of claimed) await this.view.checkClaimed(pair, now, dead);
    const claims = claimed.map(({ claimId, pair }) => ({ claimId, pair, sharedInterests: [], atMs: 0 }));
    if (next === 'pause') this.paused.push(...claims);
    else if (next === 'crash') this.crashed.push(...claims);
    else if (next === 'crash after commit') {
      await app.get(OpeningTransaction, { strict: false }).commit(SHARD, claims);
      this.crashed.push(...claims);
    } else {
      await app.get(MatchOpener, { strict: false }).open(SHARD, claims);
      if (next === 'twice') await this.resolve(claims);
    }
  }

  private resolve(claims: readonly Claim[]): Promise<void> {
    const searches = claims.flatMap(({ claimId, pair: { a, b } }) =>
      [a, b].map(({ searchId, userId }) => ({ claimId, searchId, userId })),
    );
    return this.apis[1].app.get(ClaimResolver, { strict: false }).resolve(SHARD, searches);
  }

  private async block([x, y]: readonly [number, number]): Promise<void> {
    if (x === y) return;
    const [userId, other] = [this.users[x]!, this.users[y]!];
    const handle = await this.view.handleWith(userId, other);
    if (!handle) return;
    const caller = { userId, sessionId: randomUUID(), kind: 'guest' as const };
    await this.apis[0].app.get(BlockService, { strict: false }).block(caller, handle);
  }

  private async leave(user: string): Promise<void> {
    await this.apis[0].app.get(ConversationService, { strict: false }).endOf(user, 'left', user);
  }

  /** Every claim has outlived its lease. */
  private async sweep(): Promise<void> {
    const claims = await this.view.redis.zrange(claimsKey(SHARD), '0', '-1');
    for (const claim of claims) await this.view.redis.zadd(claimsKey(SHARD), 1, claim);
    await this.apis[0].app.get(ShardSweeper, { strict: false }).sweep(SHARD);
    this.crashed = [];
    // The workers of these do not know it yet.
    this.late.push(...this.paused);
    this.paused = [];
  }

  /** Paused workers wake up: they go on with claims that the sweep may have taken from them. */
  private async resume(): Promise<void> {
    const claims = [...this.paused, ...this.late];
    this.paused = [];
    this.late = [];
    for (const claim of claims) await this.apis[1].app.get(MatchOpener, { strict: false }).open(SHARD, [claim]);
  }

  private async flush(): Promise<void> {
    await this.view.redis.flushall();
    this.paused = [];
    this.crashed = [];
    await Promise.all(this.apis.map((api) => this.beat(api)));
  }

  private async recover(): Promise<void> {
    this.late = [];
    await this.sweep();
    await this.view.check([]);
    const tickets = [...(await this.view.tickets()).values()];
    if (tickets.some(({ state }) => state !== 'W')) throw new Error('broken: a claim outlived the sweep');
    const talking = await partnersOf(this.view.database, this.users);
    for (const user of this.users) {
      const waits = tickets.some(({ userId }) => userId === user);
      if (waits && talking.has(user)) throw new Error('broken: somebody waits who talks');
      if (this.wishes.get(user) === 'search' && !waits && !talking.has(user) && !(await this.view.everTalked(user)))
        throw new Error('broken: a search was lost');
      if (this.wishes.get(user) === 'idle' && waits) throw new Error('broken: a search outlived its end');
    }
  }
}

/** Throws what the first of them throws, but not before all have ended: a broken promise must not be mixed up with the next history. */
async function allOf(acts: readonly Promise<void>[]): Promise<void> {
  for (const act of await Promise.allSettled(acts)) if (act.status === 'rejected') throw act.reason;
}

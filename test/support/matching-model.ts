import { randomUUID } from 'node:crypto';
import { ConversationService } from '../../src/chat/conversation.service.js';
import { packAttributes } from '../../src/matching/ticket-packing.js';
import { aTicket } from '../../src/matching/ticket.arbitrary.js';
import { JobProducer } from '../../src/platform/queue/job-producer.js';
import { RedisEpoch } from '../../src/platform/redis/redis-epoch.js';
import { BlockService } from '../../src/safety/block.service.js';
import { PEOPLE } from './matching-model.history.js';
import type { History, Op, Round } from './matching-model.history.js';
import { ModelTruth, hold } from './matching-model.truth.js';
import { ModelView } from './matching-model.view.js';
import type { Waiting } from './matching-model.view.js';
import { ModelWorkers } from './matching-model.workers.js';
import { aSearch, partnersOf } from './matching-stage.js';
import type { MatchingProcess, MatchingStage } from './matching-stage.js';

/** What each person was told last, as far as one event at a time lets us know: `unknown` after contradicting ones at once. */
type Wish = 'search' | 'idle' | 'unknown';
type OpOf<Name> = Extract<Op, { op: Name }>;

/** Drives matching through a history on real stores, playing people, api processes and workers, and looks for broken promises. */
export class MatchingModel {
  private users: string[] = [];
  private told = new Map<string, Wish>();
  /** Of whom it is known: what they wished last and were told that they search with, packed. */
  private wishes = new Map<string, string>();
  /** Which api process each person is connected to: the one that they last spoke to. */
  private connected = new Map<string, MatchingProcess>();
  /** What a runner saw some rounds ago, and what is there since the last round. */
  private snapshot = new Map<string, Waiting>();
  private before = new Map<string, Waiting>();
  /** Whom each had talked with when the last round ended. */
  private past = new Map<string, string[]>();
  /** The same when they last started a search: so much their search knows. */
  private known = new Map<string, string[]>();
  private readonly truth: ModelTruth;
  private readonly view: ModelView;
  private readonly workers: ModelWorkers;

  constructor(
    private readonly stage: MatchingStage,
    private readonly apis: readonly [MatchingProcess, MatchingProcess],
  ) {
    this.truth = new ModelTruth(apis[0].database);
    this.view = new ModelView(apis[0], this.truth);
    this.workers = new ModelWorkers(apis);
    for (const { app } of apis) {
      // Time is made to pass by hand here, an emptied Redis is noticed by hand, and nobody answers wake-ups.
      app.get(RedisEpoch).onApplicationShutdown();
      Object.defineProperty(app.get(RedisEpoch), 'stableForMs', { get: () => Infinity });
      app.get(JobProducer).add = () => Promise.resolve();
    }
  }

  /** @throws when a promise is broken */
  async live(history: History): Promise<void> {
    await this.begin();
    for (const round of history) {
      [this.before, this.past] = await Promise.all([this.view.tickets(), this.truth.pastPartners(this.users)]);
      const known = new Map(this.known);
      await allOf(round.map((op) => this.act(op, round, known)));
      if (!round.some(({ op }) => op === 'claim')) this.snapshot = this.before;
      await this.view.check(this.workers, this.wishes);
    }
    await this.recover();
  }

  private async begin(): Promise<void> {
    await Promise.all(this.apis.map(({ searches }) => searches.refresh([])));
    await this.view.redis.flushall();
    this.view.flushed();
    this.workers.forgetAll();
    this.users = await this.stage.aCrowd(this.truth.database, PEOPLE);
    this.told = new Map(this.users.map((user) => [user, 'idle']));
    this.wishes = new Map();
    this.connected = new Map();
    this.snapshot = new Map();
    this.known = new Map();
    await this.truth.meetLately(this.users[0]!, this.users[1]!);
    await this.truth.block(this.users[2]!, this.users[3]!);
  }

  /** `known`: of the searches as they were before the round. */
  private act(op: Op, round: Round, known: Map<string, string[]>): Promise<void> {
    switch (op.op) {
      case 'start':
        return this.start(op, round);
      case 'cancel':
        return this.cancel(op, round);
      case 'drop':
        return this.drop(op, round);
      case 'fade':
        return this.fade(this.users[op.who]!);
      case 'claim':
        return this.claim(op, round, known);
      case 'block':
        return this.block(op.couple);
      case 'leave':
        return this.leave(this.users[op.who]!);
      case 'beat':
        return this.beat(this.apis[op.on]!);
      case 'sweep':
        return this.workers.sweep();
      case 'resume':
        return this.workers.wake(false);
      case 'wake':
        return this.workers.wake(true);
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
  private note(user: string, wish: Wish, round: Round): void {
    const who = this.users.indexOf(user);
    const own = round.filter((op) => 'who' in op && op.who === who && op.op !== 'leave');
    this.told.set(user, own.length === 1 ? wish : 'unknown');
  }

  private async start(op: OpOf<'start'>, round: Round): Promise<void> {
    const user = this.users[op.who]!;
    this.workers.searchesAgain(user);
    const search = aSearch({ interests: op.wish === 0 ? [] : ['chess'] });
    this.wishes.delete(user);
    try {
      await this.connect(op).searches.start(user, search);
      const isAlone = round.filter((other) => other.op === 'start' && other.who === op.who).length === 1;
      if (isAlone) this.wishes.set(user, packAttributes(search));
      this.known.set(user, this.past.get(user) ?? []);
      this.note(user, 'search', round);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ALREADY_CHATTING') throw error;
      this.note(user, 'idle', round);
    }
  }

  private async cancel(op: OpOf<'cancel' | 'drop'>, round: Round): Promise<void> {
    const user = this.users[op.who]!;
    const api = this.connect(op);
    // A claim that nobody concludes would be waited for: the sweep is played when there is one.
    const hangs = round.some((other) => other.op === 'claim' && other.next !== 'open' && other.next !== 'twice');
    if (hangs || this.workers.unresolved().some(({ pair }) => pair.a.userId === user || pair.b.userId === user)) {
      // They only look, as everybody does who comes to another process.
      await api.searches.statusOf(user);
      return;
    }
    const reply = await api.searches.cancel(user);
    this.note(user, reply === 'not_searching' ? 'unknown' : 'idle', round);
    const talks = (await partnersOf(this.truth.database, [user])).has(user);
    const alone = round.filter((other) => 'who' in other && this.users[other.who] === user).length === 1;
    hold('told of a cancel, but matched', !(alone && reply === 'cancelled' && talks));
  }

  private async drop(op: OpOf<'cancel' | 'drop'>, round: Round): Promise<void> {
    const user = this.users[op.who]!;
    const api = this.connect(op);
    this.connected.delete(user);
    await api.searches.drop(user);
    this.note(user, 'idle', round);
  }

  /** Their process is gone: nobody renews the lease, and nobody remembers the search. */
  private async fade(user: string): Promise<void> {
    this.connected.delete(user);
    await this.view.endLeaseOf(user);
    this.told.set(user, 'unknown');
  }

  private async claim({ couples, stale, next }: OpOf<'claim'>, round: Round, known: Map<string, string[]>) {
    const seen = [...(stale ? this.snapshot : this.before).values()];
    const searchOf = (who: number) => seen.find(({ userId }) => userId === this.users[who]);
    const now = await this.view.tickets();
    // Of whom nothing else is heard in this round: those stay dead.
    const spoke = new Set(round.flatMap((op) => ('who' in op ? [this.users[op.who]!] : [])));
    const dead = (await this.view.deadSearches()).filter((id) => !spoke.has(now.get(id)?.userId ?? ''));
    const pairs = couples.flatMap(([x, y]) => {
      const [a, b] = [searchOf(x), searchOf(y)];
      return a && b ? [{ a: aTicket(a), b: aTicket(b), score: 0.5 }] : [];
    });
    if (pairs.length === 0) return;
    const claims = await this.workers.claim(pairs);
    for (const { pair } of claims) this.view.checkClaimed(pair, { now, dead, known });
    const restless = round.flatMap((op) => (op.op === 'start' ? [this.users[op.who]!] : []));
    await this.workers.goOn(claims, next, restless);
  }

  private async block([x, y]: readonly [number, number]): Promise<void> {
    if (x === y) return;
    const [userId, other] = [this.users[x]!, this.users[y]!];
    const handle = await this.truth.handleWith(userId, other);
    if (!handle) return;
    const caller = { userId, sessionId: randomUUID(), kind: 'guest' as const };
    await this.apis[0].app.get(BlockService, { strict: false }).block(caller, handle);
  }

  private async leave(user: string): Promise<void> {
    await this.apis[0].app.get(ConversationService, { strict: false }).endOf(user, 'left', user);
  }

  private async flush(): Promise<void> {
    await this.view.redis.flushall();
    this.view.flushed();
    this.workers.flushed();
    await Promise.all(this.apis.map((api) => this.beat(api)));
  }

  private async recover(): Promise<void> {
    await this.workers.sweep();
    await this.view.check(this.workers, this.wishes);
    await this.view.checkEnds();
    await this.truth.checkMeetings(this.users);
    const tickets = [...(await this.view.tickets()).values()];
    hold('no claim outlives the sweep', !tickets.some(({ state }) => state !== 'W'));
    const talking = await partnersOf(this.truth.database, this.users);
    const past = await this.truth.pastPartners(this.users);
    for (const user of this.users) {
      const waits = tickets.some(({ userId }) => userId === user);
      const talks = talking.has(user);
      hold('nobody waits who talks', !(waits && talks));
      const talkedSince = talks || past.get(user)?.length !== this.known.get(user)?.length;
      const wish = this.told.get(user);
      hold('no search is lost', wish !== 'search' || waits || talkedSince);
      hold('no search outlives its end', wish !== 'idle' || !waits);
    }
  }
}

/** Throws what the first of them throws, but not before all have ended: a broken promise must not be mixed up with the next history. */
async function allOf(acts: readonly Promise<void>[]): Promise<void> {
  for (const act of await Promise.allSettled(acts)) if (act.status === 'rejected') throw act.reason;
}

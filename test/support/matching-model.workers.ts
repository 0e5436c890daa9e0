import { ClaimDesk } from '../../src/matching/claim-desk.js';
import type { Claim } from '../../src/matching/claim.types.js';
import { ClaimResolver } from '../../src/matching/claim-resolver.js';
import { MatchOpener } from '../../src/matching/match-opener.js';
import { OpeningTransaction } from '../../src/matching/opening.transaction.js';
import { CLAIM_LEASE_MS } from '../../src/matching/search.limits.js';
import { ShardSweeper } from '../../src/matching/shard-sweeper.js';
import { claimsKey } from '../../src/matching/shard.keys.js';
import type { ProposedPair } from '../../src/matching/ticket.types.js';
import { Clock } from '../../src/platform/time/clock.js';
import type { Next } from './matching-model.history.js';
import { SHARD } from './matching-model.view.js';
import type { MatchingProcess } from './matching-stage.js';

type Outcomes = Awaited<ReturnType<OpeningTransaction['commit']>>;

/** A worker that is held up with claims, and may go on. */
interface Held {
  readonly claims: readonly Claim[];
  readonly goOn: () => Promise<unknown>;
  /** It never wakes any more, once the sweep has been there. */
  readonly diesWhenLate?: boolean;
}

/** The workers of a history: each goes on with its claims as far as the history lets it. */
export class ModelWorkers {
  /** Held up before the commit; the sweep has not been there yet. */
  private paused: Held[] = [];
  /** The same after the commit. They go on when they are late: a worker that is not concludes before anybody can have heard of the match. */
  private committed: Held[] = [];
  /** Swept while they were held up. */
  private late: Held[] = [];
  private crashed: Claim[] = [];
  /** Searches whose pair began to talk, and their owners; not who searched again, or did so between the claim and the talk. */
  readonly matched = new Map<string, string>();
  /** What a worker waits for between its commit and its conclusion, by the first claim. */
  private readonly gates = new Map<string, (outcomes: Outcomes) => Promise<void>>();
  private passedMs = 0;

  constructor(private readonly apis: readonly [MatchingProcess, MatchingProcess]) {
    for (const { app } of apis) {
      app.get(Clock, { strict: false }).monotonicMs = () => performance.now() + this.passedMs;
      const opening = app.get(OpeningTransaction, { strict: false });
      const commit = opening.commit.bind(opening);
      opening.commit = async (shard, claims) => {
        const outcomes = await commit(shard, claims);
        await this.gates.get(claims[0]?.claimId ?? '')?.(outcomes);
        return outcomes;
      };
    }
  }

  /** Nobody goes on with anything any more. */
  forgetAll(): void {
    [this.paused, this.committed, this.late, this.crashed] = [[], [], [], []];
    this.matched.clear();
    this.gates.clear();
  }

  /** Redis forgot all claims; who is held up before the commit does not know it. */
  flushed(): void {
    this.late.push(...this.paused.filter(({ diesWhenLate }) => !diesWhenLate));
    [this.paused, this.committed, this.crashed] = [[], [], []];
    this.matched.clear();
  }

  /** Claims that nobody concluded yet. */
  unresolved(): Claim[] {
    return [...[...this.paused, ...this.committed].flatMap(({ claims }) => claims), ...this.crashed];
  }

  searchesAgain(user: string): void {
    for (const [searchId, owner] of this.matched) if (owner === user) this.matched.delete(searchId);
  }

  /** The pairs that could be claimed. */
  async claim(pairs: readonly ProposedPair[]): Promise<Claim[]> {
    const answers = await this.apis[0].app.get(ClaimDesk, { strict: false }).claim(SHARD, pairs);
    const claimed = answers.filter(({ reply }) => reply === 'claimed');
    return claimed.map(({ claimId, pair }) => ({ claimId, pair, sharedInterests: [], atMs: 0 }));
  }

  /** `restless`: who starts a search just now, maybe after the match. */
  async goOn(claims: readonly Claim[], next: Next, restless: readonly string[]): Promise<void> {
    if (claims.length === 0) return;
    if (next === 'crash') this.crashed.push(...claims);
    else if (next === 'pause') this.paused.push({ claims, goOn: () => this.openEach(claims) });
    else if (next === 'pause, then crash')
      this.paused.push({ claims, goOn: () => this.commitAndCrash(claims), diesWhenLate: true });
    else if (next === 'pause after commit') this.committed.push(await this.commitAndWait(claims, restless));
    else if (next === 'crash after commit') this.noteMatched(await this.commitAndCrash(claims), restless);
    else {
      await this.open(this.apis[0], claims, restless);
      if (next === 'twice') await this.resolve(claims);
    }
  }

  private async open({ app }: MatchingProcess, claims: readonly Claim[], restless: readonly string[]): Promise<void> {
    const { opened } = await app.get(MatchOpener, { strict: false }).open(SHARD, claims);
    this.noteMatched(opened, restless);
  }

  private noteMatched(opened: readonly ProposedPair[], restless: readonly string[]): void {
    for (const { searchId, userId } of opened.flatMap(({ a, b }) => [a, b]))
      if (!restless.includes(userId)) this.matched.set(searchId, userId);
  }

  /** The pairs that talk now. */
  private async commitAndCrash(claims: readonly Claim[]): Promise<ProposedPair[]> {
    const outcomes = await this.apis[0].app.get(OpeningTransaction, { strict: false }).commit(SHARD, claims);
    this.crashed.push(...claims);
    return openedOf(claims, outcomes);
  }

  private async openEach(claims: readonly Claim[]): Promise<void> {
    for (const claim of claims) await this.open(this.apis[1], [claim], []);
  }

  private async commitAndWait(claims: readonly Claim[], restless: readonly string[]): Promise<Held> {
    const [committed, woken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.gates.set(claims[0]!.claimId, (outcomes) => {
      this.noteMatched(openedOf(claims, outcomes), restless);
      committed.resolve();
      return woken.promise;
    });
    const opened = this.apis[1].app.get(MatchOpener, { strict: false }).open(SHARD, claims);
    await Promise.race([committed.promise, opened]);
    return {
      claims,
      goOn: async () => {
        woken.resolve();
        await opened;
      },
    };
  }

  private resolve(claims: readonly Claim[]): Promise<void> {
    const searches = claims.flatMap(({ claimId, pair: { a, b } }) =>
      [a, b].map(({ searchId, userId }) => ({ claimId, searchId, userId })),
    );
    return this.apis[1].app.get(ClaimResolver, { strict: false }).resolve(SHARD, searches, 'lease');
  }

  /** Every claim has outlived its lease. */
  async sweep(): Promise<void> {
    const { app, redis } = this.apis[0];
    this.passedMs += CLAIM_LEASE_MS;
    const claims = await redis.zrange(claimsKey(SHARD), '0', '-1');
    for (const claim of claims) await redis.zadd(claimsKey(SHARD), 1, claim);
    await app.get(ShardSweeper, { strict: false }).sweep(SHARD);
    // The workers of these do not know it yet.
    this.late.push(...this.paused.filter(({ diesWhenLate }) => !diesWhenLate), ...this.committed);
    [this.paused, this.committed, this.crashed] = [[], [], []];
  }

  /** Held up workers wake: they go on with claims that the sweep took from them and, unless `onlyLate`, with their own. */
  async wake(onlyLate: boolean): Promise<void> {
    const woken = onlyLate ? this.late : [...this.paused, ...this.late];
    this.late = [];
    if (!onlyLate) this.paused = [];
    for (const worker of woken) await worker.goOn();
  }
}

const openedOf = (claims: readonly Claim[], outcomes: Outcomes): ProposedPair[] =>
  claims.filter((_, i) => outcomes[i]?.opened).map(({ pair }) => pair);

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import type { Claim } from './claim.types.js';
import { MatchOpener } from './match-opener.js';
import { PairClaimer } from './pair-claimer.js';
import { CLAIM_OPEN_WITHIN_MS, TICK_MS } from './search.limits.js';
import { ShardFeed } from './shard-feed.js';
import { ShardMemory } from './shard-memory.js';
import type { KnownShard } from './shard-memory.js';
import { ShardObserver } from './shard-observer.js';

/** Transactions under way at once for one shard; more would only wait for each other. */
const MOST_OPENINGS = 4;

/** Rest after a fault of a store (ms), and how many in a row end the run: the sweep asks for another. */
const FAULT_PAUSE_MS = 250;
const MOST_FAULTS = 20;

/** One run of one shard. */
interface Run {
  /** Told whether this run goes on: once it has looked at the shard again, or is over. */
  readonly askers: ((goesOn: boolean) => void)[];
  readonly shard: string;
  readonly runner: string;
  readonly known: KnownShard;
  readonly openings: Set<Promise<void>>;
  /** ms of the process: no claims before this, because Postgres refused the last ones. */
  pausedUntil: number;
}

/** How a run goes on after a tick; it is over when nobody waits (`rested`), or another one runs the shard (`lost`). */
type TickEnd = 'on' | 'rested' | 'lost';

/** Runs a shard while anybody waits in it: look, pick, claim, open. One at a time in the whole deployment; two are safe, only wasteful. */
@Injectable()
export class ShardRunner {
  /** Of this process: they would share a mirror, so there is one for each shard. */
  private readonly runs = new Map<string, Run>();

  constructor(
    private readonly feed: ShardFeed,
    private readonly claimer: PairClaimer,
    private readonly opener: MatchOpener,
    private readonly observer: ShardObserver,
    private readonly memory: ShardMemory,
    private readonly log: Log,
  ) {}

  /** @returns true when the process drains and somebody still waits: another one should go on */
  async run(shard: string, signal: AbortSignal): Promise<boolean> {
    // A run that is alive sees by itself who came; one that is about to end must not take the wish for another with it.
    for (let other = this.runs.get(shard); other; other = this.runs.get(shard)) if (await goesOn(other)) return false;
    const known = this.memory.of(shard);
    const run: Run = { askers: [], shard, runner: randomUUID(), known, openings: new Set(), pausedUntil: 0 };
    this.runs.set(shard, run);
    let end: TickEnd = 'lost';
    try {
      await this.memory.recall(shard, known);
      end = await this.tickOn(run, signal);
    } finally {
      this.runs.delete(shard);
      tell(run, false);
      await Promise.all(run.openings);
      this.observer.rested(shard);
      // Where another one may run the shard by now, what that one writes is newer.
      if (end === 'on') await this.save(run);
    }
    if (!signal.aborted) return false;
    return (await this.feed.rest(shard, run.runner, true)) === 'rested' && run.known.mirror.pool.size > 0;
  }

  private async save({ shard, known }: Run): Promise<void> {
    await this.memory
      .save(shard, known)
      .catch((error: unknown) => this.log.warn({ event: 'matching.snapshot_not_saved', shard, err: error }));
  }

  private async tickOn(run: Run, signal: AbortSignal): Promise<TickEnd> {
    // Without a tick it never had the shard.
    let end: TickEnd = 'lost';
    for (let faults = 0; !signal.aborted;) {
      const began = performance.now();
      try {
        end = await this.tick(run);
        if (end !== 'on') return end;
        faults = 0;
        await sleep(Math.max(1, TICK_MS - (performance.now() - began)), undefined, { signal }).catch(() => undefined);
      } catch (error) {
        faults += 1;
        this.log.warn({ event: 'matching.tick_failed', shard: run.shard, faults, err: error });
        if (faults >= MOST_FAULTS) throw error;
        await sleep(FAULT_PAUSE_MS);
      }
    }
    return end;
  }

  private async tick(run: Run): Promise<TickEnd> {
    const { shard, known, openings } = run;
    const { mirror } = known;
    const began = performance.now();
    if (!(await this.feed.follow(shard, mirror, run.runner))) return 'lost';
    tell(run, true);
    if (openings.size < MOST_OPENINGS && began >= run.pausedUntil) await this.claim(run);
    await this.observer.ticked(shard, known, (performance.now() - began) / 1_000);
    await this.memory.saveWhenDue(shard, known);
    if (mirror.pool.size > 0 || openings.size > 0) return 'on';
    // Before it rests: whoever runs the shard next starts from this.
    await this.save(run);
    const reply = await this.feed.rest(shard, run.runner, false);
    return reply === 'busy' ? 'on' : reply;
  }

  private async claim(run: Run): Promise<void> {
    const claimedAt = performance.now();
    const claims = await this.claimer.claim(run.shard, run.known.mirror);
    if (claims.length > 0) this.open(run, claims, claimedAt);
  }

  /** Goes on beside the ticks. */
  private open(run: Run, claims: readonly Claim[], claimedAt: number): void {
    const opening = this.openAll(run, claims, claimedAt)
      .catch((error: unknown) => {
        run.pausedUntil = performance.now() + FAULT_PAUSE_MS;
        this.log.warn({ event: 'matching.open_failed', shard: run.shard, pairs: claims.length, err: error });
      })
      .finally(() => run.openings.delete(opening));
    run.openings.add(opening);
  }

  private async openAll({ shard, known }: Run, claims: readonly Claim[], claimedAt: number): Promise<void> {
    // This process was held up for so long that the sweep may be about to release them: it decides.
    if (performance.now() - claimedAt > CLAIM_OPEN_WITHIN_MS)
      return this.observer.unopened(shard, claims.length, 'late');
    const opened = await this.opener.open(shard, claims).catch((error: unknown) => {
      this.observer.unopened(shard, claims.length, 'failed');
      throw error;
    });
    this.observer.opened(shard, known, claims.length, opened);
  }
}

/** Whether this run has looked at its shard once more (true), or is over. */
const goesOn = (run: Run): Promise<boolean> => new Promise((resolve) => run.askers.push(resolve));

function tell(run: Run, isAlive: boolean): void {
  for (const answer of run.askers.splice(0)) answer(isAlive);
}

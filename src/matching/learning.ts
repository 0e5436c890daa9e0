import { ArrivalRates } from './arrival-rates.js';
import type { ArrivalRatesSnapshot } from './arrival-rates.js';
import { ClassLoss } from './class-loss.js';
import type { ClassLossSnapshot } from './class-loss.js';
import { Impatience } from './impatience.js';
import type { ImpatienceSnapshot } from './impatience.js';
import { MovingMean } from './moving-mean.js';
import type { MovingMeanSnapshot } from './moving-mean.js';
import { ScoreDistribution } from './score-distribution.js';
import type { ScoreDistributionSnapshot } from './score-distribution.js';
import { ThicknessGain } from './thickness-gain.js';
import type { SearchTicket } from './ticket.types.js';

/** Raised when the shape of the snapshot changes: one of another version is not read. */
const VERSION = 1;

/** Matches that the means of score and wait remember. */
const MATCHES_REMEMBERED = 500;

/** Before the first match. */
const PRIOR_SCORE = 0.55;
const PRIOR_WAIT_S = 3;

/** What a shard has learnt, as JSON for Redis: a few kilobytes. */
export interface LearningSnapshot {
  readonly version: number;
  readonly arrivals: ArrivalRatesSnapshot;
  readonly impatience: ImpatienceSnapshot;
  readonly thicknessGain: MovingMeanSnapshot;
  readonly scores: ScoreDistributionSnapshot;
  readonly losses: ClassLossSnapshot;
  readonly matchScore: MovingMeanSnapshot;
  readonly matchWait: MovingMeanSnapshot;
}

/** All that one shard learns online. Bounded: its size does not depend on how many people came. */
export class Learning {
  readonly arrivals = new ArrivalRates();
  readonly impatience = new Impatience();
  readonly thicknessGain = new ThicknessGain();
  readonly scores = new ScoreDistribution();
  readonly losses = new ClassLoss();
  private readonly matchScore = new MovingMean(MATCHES_REMEMBERED);
  private readonly matchWait = new MovingMean(2 * MATCHES_REMEMBERED);

  /** qbar, 0..1. */
  get meanScore(): number {
    return this.matchScore.mean(PRIOR_SCORE);
  }

  /** tau, s. */
  get meanWaitS(): number {
    return this.matchWait.mean(PRIOR_WAIT_S);
  }

  matched(a: SearchTicket, b: SearchTicket, score: number, nowMs: number): void {
    this.matchScore.observe(score);
    for (const ticket of [a, b]) {
      const waitS = waitOf(ticket, nowMs);
      this.matchWait.observe(waitS);
      this.impatience.observe(waitS, false);
      this.losses.observe(ticket, waitS, true);
    }
  }

  gaveUp(ticket: SearchTicket, nowMs: number): void {
    this.impatience.observe(waitOf(ticket, nowMs), true);
    this.losses.observe(ticket, waitOf(ticket, nowMs), false);
  }

  /** A connection that broke: it was exposed, and says nothing about patience or how the class fares. */
  lost(ticket: SearchTicket, nowMs: number): void {
    this.impatience.observe(waitOf(ticket, nowMs), false);
  }

  toSnapshot(): LearningSnapshot {
    return {
      version: VERSION,
      arrivals: this.arrivals.toSnapshot(),
      impatience: this.impatience.toSnapshot(),
      thicknessGain: this.thicknessGain.toSnapshot(),
      scores: this.scores.toSnapshot(),
      losses: this.losses.toSnapshot(),
      matchScore: this.matchScore.toSnapshot(),
      matchWait: this.matchWait.toSnapshot(),
    };
  }

  /** Whether a snapshot has the shape of this version. */
  static canRead({ version }: LearningSnapshot): boolean {
    return version === VERSION;
  }

  /** Continues from a snapshot; one of another version is left aside, which costs some minutes of learning. */
  static fromSnapshot(snapshot: LearningSnapshot): Learning {
    const learning = new Learning();
    if (!Learning.canRead(snapshot)) return learning;
    learning.arrivals.restore(snapshot.arrivals);
    learning.impatience.restore(snapshot.impatience);
    learning.thicknessGain.restore(snapshot.thicknessGain);
    learning.scores.restore(snapshot.scores);
    learning.losses.restore(snapshot.losses);
    learning.matchScore.restore(snapshot.matchScore);
    learning.matchWait.restore(snapshot.matchWait);
    return learning;
  }
}

function waitOf(ticket: SearchTicket, nowMs: number): number {
  return Math.max(0, nowMs - ticket.sinceMs) / 1000;
}

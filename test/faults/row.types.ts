import type { Bot } from './bot.js';
import type { CounterQuery } from './counters.js';
import type { FaultDeployment } from './fault-deployment.js';
import type { Random } from './random.js';

/** What a fault may act on. */
export interface Scene {
  bots: Bot[];
  random: Random;
  /** Says that all is as before from now on; without it the end of the strike is the heal. */
  healed: () => void;
  /** Whether the row's counter has moved by now; false, too, where it cannot be seen. */
  hasMoved: () => Promise<boolean>;
}

export interface ControlledScene extends Scene {
  deployment: FaultDeployment;
}

/** What a fault lost for good, or did wrong, if that shows at once. */
type Finding = string;

/** What the bots themselves noticed of a fault. */
export interface Notice {
  what: string;
  count: (bots: Bot[], from: number, to: number) => number;
}

/**
 * A counter (of `share` of the strikes at least; 1 without it; `bots`: what stands for it where it cannot be seen), what bots noticed, or `strike`: the strike looks itself, and what
 * did not bite is one of its findings.
 */
export type Evidence = (CounterQuery & { share?: number; bots?: Notice }) | Notice | 'strike';

/** One row of the table of faults (delivery.md, section 4). */
export type Row = {
  name: string;
  /** From the heal until every bot gets answers again, at most (ms). */
  boundMs: number;
  /** Of the bots whose connection went: 95 of 100 are back so soon (ms). */
  p95Ms?: number;
  /** 99 of 100 messages that are said while it lasts, and the next seconds, are acknowledged so soon (ms). */
  ackP99Ms?: number;
  /** Nobody's connection ends by it. */
  keepsConnections?: true;
  /** No attempt to send is answered with an error. */
  refusesNothing?: true;
  /** Must move at every strike: a test whose metric did not move tested nothing. */
  evidence: Evidence;
  /** Ends processes: the memory of those before and after is not compared. */
  restarts?: true;
} & (
  | { by: 'clients'; strike: (scene: Scene) => Promise<Finding[] | void> }
  | { by: 'deployment'; strike: (scene: ControlledScene) => Promise<Finding[] | void> }
);

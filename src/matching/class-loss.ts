import { LANGUAGES } from '../contracts/languages.js';
import { SEEK_CLASS_COUNT, seekClassOf } from './arrival-rates.js';
import { MovingMean } from './moving-mean.js';
import type { MovingMeanSnapshot } from './moving-mean.js';
import type { SearchTicket } from './ticket.types.js';

/** Searches of one class, and of all, that are remembered. */
const CLASS_MEMORY = 300;
const OVERALL_MEMORY = 1_000;

/** A class is taken to fare like all others until about this many of its searches have ended. */
const PRIOR_SEARCHES = 20;

/** A wait of 30 s is as bad as no partner at all. */
const WORST_WAIT_S = 30;

/** What `ClassLoss` is after a restart. */
export interface ClassLossSnapshot {
  readonly overall: MovingMeanSnapshot;
  readonly seekClasses: [index: number, mean: MovingMeanSnapshot][];
  readonly languages: [index: number, mean: MovingMeanSnapshot][];
}

/**
 * How badly searches end, 0..1, over all and by class (whom one seeks; the best language): `min(1, wait / 30 s)` when a partner came,
 * 1 when not. The difference to all others is what fairness corrects. Never per person.
 */
export class ClassLoss {
  private readonly overall = new MovingMean(OVERALL_MEMORY);
  private readonly seekClasses = new Map<number, MovingMean>();
  private readonly languages = new Map<number, MovingMean>();

  observe(ticket: SearchTicket, waitS: number, matched: boolean): void {
    const loss = matched ? Math.min(1, waitS / WORST_WAIT_S) : 1;
    this.overall.observe(loss);
    meanOf(this.seekClasses, seekClassOf(ticket), SEEK_CLASS_COUNT)?.observe(loss);
    meanOf(this.languages, ticket.languages[0] ?? -1, LANGUAGES.length)?.observe(loss);
  }

  /** `[loss of the seek class - loss of all]+ + [loss of the language - loss of all]+`, 0..2. */
  excess(ticket: Pick<SearchTicket, 'gender' | 'seeksGenders' | 'languages'>): number {
    const all = this.overall.mean(0, 0.01);
    const above = (mean: MovingMean | undefined) => Math.max(0, (mean?.mean(all, PRIOR_SEARCHES) ?? all) - all);
    return above(this.seekClasses.get(seekClassOf(ticket))) + above(this.languages.get(ticket.languages[0] ?? -1));
  }

  toSnapshot(): ClassLossSnapshot {
    const entries = (means: Map<number, MovingMean>) =>
      [...means].map(([index, mean]) => [index, mean.toSnapshot()] as [number, MovingMeanSnapshot]);
    return {
      overall: this.overall.toSnapshot(),
      seekClasses: entries(this.seekClasses),
      languages: entries(this.languages),
    };
  }

  restore(snapshot: ClassLossSnapshot): void {
    this.overall.restore(snapshot.overall);
    for (const [index, mean] of snapshot.seekClasses) meanOf(this.seekClasses, index, SEEK_CLASS_COUNT)?.restore(mean);
    for (const [index, mean] of snapshot.languages) meanOf(this.languages, index, LANGUAGES.length)?.restore(mean);
  }
}

/** The mean of a class, made when first needed; nothing for an index that cannot be, so that the map stays bounded. */
function meanOf(means: Map<number, MovingMean>, index: number, count: number): MovingMean | undefined {
  if (index < 0 || index >= count) return undefined;
  const known = means.get(index) ?? new MovingMean(CLASS_MEMORY);
  means.set(index, known);
  return known;
}

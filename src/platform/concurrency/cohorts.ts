import { Busy } from '../errors/stoa-error.js';

interface CohortOptions {
  /** As many as come within this (ms) … */
  windowMs: number;
  /** … pass at once; one more, and it is a herd. */
  herdFrom: number;
  /** Its first group waits for this long (ms): a few who happen to come together are not a herd. */
  firstMs: number;
  /** Then it is let through once in this time (ms), … */
  everyMs: number;
  /** … so many together. */
  size: number;
  /** Callers that may wait; one more is refused with `BUSY`. */
  maxWaiting: number;
}

/** Fewer than this part of what makes a herd, in one interval, and it has passed. */
const EBB = 0.5;

/**
 * Whoever comes alone passes at once; a herd is let through in groups. Those of a group ask their questions in the same turn of
 * the event loop, so that `BatchLoader` makes one query of them: without groups, a herd that is spread over seconds asks alone.
 */
export class Cohorts {
  private readonly waiting: (() => void)[] = [];
  private windowStart = -Infinity;
  private inWindow = 0;
  /** Runs while there is a herd. */
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: CohortOptions) {}

  get waitingCount(): number {
    return this.waiting.length;
  }

  /** Resolves when the caller may go on. @throws Busy (as a rejection) */
  async enter(): Promise<void> {
    if (!this.timer && !this.isHerd()) return;
    const { firstMs, everyMs, maxWaiting } = this.options;
    if (this.waiting.length >= maxWaiting) throw new Busy(everyMs);
    this.timer ??= setTimeout(() => this.release(firstMs), firstMs);
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private isHerd(): boolean {
    const now = performance.now();
    if (now - this.windowStart >= this.options.windowMs) {
      this.windowStart = now;
      this.inWindow = 0;
    }
    this.inWindow += 1;
    return this.inWindow > this.options.herdFrom;
  }

  /** `afterMs`: since the group before. */
  private release(afterMs: number): void {
    const { size, herdFrom, windowMs, everyMs } = this.options;
    const cohort = this.waiting.splice(0, size);
    const goesOn = this.waiting.length > 0 || cohort.length > herdFrom * (afterMs / windowMs) * EBB;
    this.timer = goesOn ? setTimeout(() => this.release(everyMs), everyMs) : undefined;
    for (const letGo of cohort) letGo();
  }
}

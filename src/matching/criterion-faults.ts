import { Injectable } from '@nestjs/common';
import { Log } from '../platform/logging/log.js';
import { MatchingMetrics } from './matching.metrics.js';

/** ms between two log lines about one criterion: a broken one fails for every pair that is scored, up to 300,000 times a tick. */
const LOGGED_EVERY_MS = 60_000;

/** Faults of criteria: each is counted; the log hears of a criterion at once, and then once a minute. */
@Injectable()
export class CriterionFaults {
  /** By name: when it was last logged, ms of the process, and its faults since. Bounded by the criteria that are registered. */
  private readonly told = new Map<string, { atMs: number; faults: number }>();

  constructor(
    private readonly metrics: MatchingMetrics,
    private readonly log: Log,
  ) {}

  note(criterion: string, fault: unknown, nowMs = performance.now()): void {
    this.metrics.faults.inc({ criterion });
    const last = this.told.get(criterion);
    const faults = (last?.faults ?? 0) + 1;
    if (last && nowMs - last.atMs < LOGGED_EVERY_MS) {
      last.faults = faults;
      return;
    }
    this.told.set(criterion, { atMs: nowMs, faults: 0 });
    this.log.warn({ event: 'matching.criterion_failed', criterion, faults, err: fault });
  }
}

import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { defer, lastValueFrom } from 'rxjs';
import type { Observable } from 'rxjs';
import { Busy } from '../platform/errors/stoa-error.js';
import { Clock } from '../platform/time/clock.js';
import type { DoorRequest } from './door-request.js';

/** When answers leave (ms after arrival). Injectable, so that the timing proof can also run without it. */
@Injectable()
export class AnswerTimes {
  /** No answer before this: above what the work takes at rated load. */
  readonly floorMs: number = 400;
  /** Later ones leave at a multiple of this. No jitter: that averages out. */
  readonly stepMs: number = 200;
  /** Who is refused for want of room waits up to this longer, each for a time of their own: they must not all come back at once. */
  readonly busySpreadMs: number = 1_000;
}

/** How long an answer that is ready after `elapsedMs` waits. */
export function waitMs(elapsedMs: number, { floorMs, stepMs }: Pick<AnswerTimes, 'floorMs' | 'stepMs'>): number {
  if (stepMs <= 0) return Math.max(0, floorMs - elapsedMs);
  return Math.max(floorMs, Math.ceil(elapsedMs / stepMs) * stepMs) - elapsedMs;
}

/** Lets the answers of a route leave at fixed times, refusals too: what is left of differences in the work does not show. */
@Injectable()
export class LatencyFloor implements NestInterceptor {
  constructor(
    private readonly times: AnswerTimes,
    private readonly clock: Clock,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { arrivedAt } = context.switchToHttp().getRequest<DoorRequest>();
    const from = arrivedAt ?? this.clock.monotonicMs();
    return defer(async () => {
      let spread = 0;
      try {
        return await lastValueFrom(next.handle(), { defaultValue: undefined });
      } catch (error) {
        // Known or not, nobody was looked up yet: this tells nothing.
        if (error instanceof Busy) spread = randomInt(this.times.busySpreadMs + 1);
        throw error;
      } finally {
        const wait = waitMs(this.clock.monotonicMs() - from, this.times) + spread;
        if (wait > 0) await sleep(wait);
      }
    });
  }
}

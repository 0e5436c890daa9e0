import { Injectable } from '@nestjs/common';

/** Injectable time. Truth about expiry comes from Postgres `now()`; this serves intervals and what is shown. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }

  /** ms; never jumps: for intervals and deadlines. */
  monotonicMs(): number {
    return performance.now();
  }
}

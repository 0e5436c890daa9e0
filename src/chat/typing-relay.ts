import { randomInt } from 'node:crypto';

/** The first sign waits this long at most, half of it on average (ms). */
const FIRST_WAIT = 500;
/** Between two signs to one partner (ms): a second, give or take. */
const SPACING = { from: 750, to: 1_250 };

interface Line {
  /** What has changed since the last sign. */
  next: boolean | undefined;
  timer: NodeJS.Timeout;
}

/**
 * Passes on who is typing at moments of its own: at most one sign a second to a partner, the latest, and never when the key was
 * pressed. The rhythm of somebody's fingers tells who they are, also from one conversation to the next.
 */
export class TypingRelay {
  private readonly lines = new Map<string, Line>();

  /** `key`: who is told. `tell` is called later, if at all. */
  pass(key: string, typing: boolean, tell: (typing: boolean) => void): void {
    const line = this.lines.get(key);
    if (line) line.next = typing;
    else this.lines.set(key, { next: typing, timer: this.wait(key, randomInt(FIRST_WAIT), tell) });
  }

  /** A message says more than a sign that it is being written. */
  drop(key: string): void {
    const line = this.lines.get(key);
    if (line) line.next = undefined;
  }

  private wait(key: string, ms: number, tell: (typing: boolean) => void): NodeJS.Timeout {
    const timer = setTimeout(() => this.release(key, tell), ms);
    return timer.unref();
  }

  private release(key: string, tell: (typing: boolean) => void): void {
    const line = this.lines.get(key);
    if (line?.next === undefined) {
      this.lines.delete(key);
      return;
    }
    tell(line.next);
    line.next = undefined;
    line.timer = this.wait(key, randomInt(SPACING.from, SPACING.to), tell);
  }
}

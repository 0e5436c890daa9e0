import { Busy } from '../errors/stoa-error.js';

interface SemaphoreOptions {
  /** Pieces of work at once. */
  concurrency: number;
  /** Callers that may wait; one more is refused with `BUSY`. */
  maxWaiting: number;
  /** ms; whoever has waited for so long is refused as well. */
  maxWaitMs: number;
}

/** Lets a few work at once and a few wait for a while; whoever comes after them, or has waited too long, is told that there is no room. */
export class BoundedSemaphore {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly options: SemaphoreOptions) {}

  /** @throws Busy */
  async run<T>(work: () => Promise<T>): Promise<T> {
    this.requireRoom();
    if (this.running < this.options.concurrency) this.running += 1;
    // The one who leaves hands the place over: the count stays.
    else await this.place();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  private place(): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(take), 1);
        reject(new Busy());
      };
      const timer = setTimeout(giveUp, this.options.maxWaitMs);
      const take = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.waiting.push(take);
    });
  }

  /**
   * For callers with other work before this: refuses now whom `run` would refuse.
   * @throws Busy
   */
  requireRoom(): void {
    const isFull = this.running >= this.options.concurrency && this.waiting.length >= this.options.maxWaiting;
    if (isFull) throw new Busy();
  }

  get waitingCount(): number {
    return this.waiting.length;
  }
}

import { Busy } from '../errors/stoa-error.js';

/** Runs the work of one socket one after the other, in the order of arrival. */
export class SocketOrder {
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly maxWaiting: number) {}

  /** `work` begins at once when nothing is under way. @returns a rejection with Busy when too much waits already */
  add<T>(work: () => Promise<T>): Promise<T> {
    return this.waiting >= this.maxWaiting ? Promise.reject(new Busy()) : this.addLast(work);
  }

  /** Without the bound: for the one thing that must follow all else, the end of the connection. */
  addLast<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.waiting === 0 ? work() : this.tail.then(work);
    this.waiting += 1;
    this.tail = turn.then(this.done, this.done);
    return turn;
  }

  /** Resolves when all that was added until now is done, and whoever waited for it has heard. Never rejects. */
  async settled(): Promise<void> {
    await this.tail;
    await new Promise(setImmediate);
  }

  private readonly done = (): void => {
    this.waiting -= 1;
  };
}

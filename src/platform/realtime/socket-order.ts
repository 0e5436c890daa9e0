import { Busy } from '../errors/stoa-error.js';

/** Runs the work of one socket one after the other, in the order of arrival. */
export class SocketOrder {
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly maxWaiting: number) {}

  /** @throws Busy (as a rejection) when too much waits already */
  async add<T>(work: () => Promise<T> | T): Promise<T> {
    if (this.waiting >= this.maxWaiting) throw new Busy();
    return this.addLast(work);
  }

  /** Without the bound: for the one thing that must follow all else, the end of the connection. */
  addLast<T>(work: () => Promise<T> | T): Promise<T> {
    this.waiting += 1;
    const turn = this.tail.then(work);
    this.tail = turn.then(
      () => (this.waiting -= 1),
      () => (this.waiting -= 1),
    );
    return turn;
  }
}

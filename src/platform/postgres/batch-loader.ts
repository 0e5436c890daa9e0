import { Busy } from '../errors/stoa-error.js';

interface Waiting<Key, Value> {
  key: Key;
  resolve: (value: Value | undefined) => void;
  reject: (error: unknown) => void;
}

/** Callers that wait, of all loaders of this process. */
let waitingCount = 0;

/** How many look-ups wait in this process to be joined into a query, whatever they ask for. */
export const waitingLookups = (): number => waitingCount;

interface BatchLoaderOptions {
  /** Keys in one query. */
  maxBatch?: number;
  /** Callers that may wait; one more is refused with `BUSY`. */
  maxWaiting?: number;
}

/** A query that takes longer (ms) no longer holds up those who came after it: a distant Postgres costs them one way there and back, not two. */
const PATIENCE = 50;
/** Queries of one loader in flight at most: the process's connections are ten. */
const MAX_IN_FLIGHT = 3;

/**
 * Joins lookups into few queries: one is in flight, and what arrives meanwhile goes with the next, as soon as that one is back or
 * has been away for long. A lone lookup waits for nobody; under a herd the batches grow by themselves. Nothing is cached.
 */
export class BatchLoader<Key extends string | number, Value> {
  private waiting: Waiting<Key, Value>[] = [];
  private inFlight = 0;
  /** What those who come wait for: the end of this turn, or the last query, which has not been away for long. */
  private hold: NodeJS.Immediate | NodeJS.Timeout | undefined;
  private readonly maxBatch: number;
  private readonly maxWaiting: number;

  constructor(
    private readonly load: (keys: Key[]) => Promise<Map<Key, Value>>,
    { maxBatch = 500, maxWaiting = 20_000 }: BatchLoaderOptions = {},
  ) {
    this.maxBatch = maxBatch;
    this.maxWaiting = maxWaiting;
  }

  /** @returns undefined when there is no such row */
  get(key: Key): Promise<Value | undefined> {
    if (this.waiting.length >= this.maxWaiting) return Promise.reject(new Busy());
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      waitingCount += 1;
      if (this.hold || this.inFlight >= MAX_IN_FLIGHT) return;
      // One turn of the event loop: what arrived with the same packet of work is joined from the start.
      this.hold = setImmediate(() => this.letGo());
    });
  }

  private leave(): void {
    const batch = this.waiting.splice(0, this.maxBatch);
    waitingCount -= batch.length;
    this.inFlight += 1;
    const hold = (this.hold = setTimeout(() => this.letGo(), PATIENCE));
    void this.runBatch(batch).then(() => {
      clearTimeout(hold);
      this.inFlight -= 1;
      // One that took long leaves the hold to the one that left after it: or batches would stay small ever after.
      if (!this.hold || this.hold === hold) this.letGo();
    });
  }

  /** The next ones may leave: with those who wait, or whenever somebody comes. */
  private letGo(): void {
    this.hold = undefined;
    if (this.waiting.length > 0 && this.inFlight < MAX_IN_FLIGHT) this.leave();
  }

  private async runBatch(batch: Waiting<Key, Value>[]): Promise<void> {
    try {
      const found = await this.load([...new Set(batch.map((w) => w.key))]);
      for (const { key, resolve } of batch) resolve(found.get(key));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

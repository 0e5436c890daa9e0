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

/**
 * Joins lookups into few queries: one is in flight, and what arrives meanwhile goes with the next.
 * A lone lookup waits for nobody; under a herd the batches grow by themselves. Nothing is cached.
 */
export class BatchLoader<Key extends string | number, Value> {
  private waiting: Waiting<Key, Value>[] = [];
  private running = false;
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
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    // One turn of the event loop: what arrived with the same packet of work is joined from the start.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.maxBatch);
      waitingCount -= batch.length;
      await this.runBatch(batch);
    }
    this.running = false;
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

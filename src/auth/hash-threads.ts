import type { Argon2Parameters } from 'node:crypto';
import { Worker } from 'node:worker_threads';

const SOURCE = new URL('hash-thread.mjs', import.meta.url);

/**
 * Threads of this process's own that compute Argon2id, each one at a time and with a rest after it, which the next one waits for;
 * made when they are needed, and again when one died.
 */
export class HashThreads {
  /** Who has rested for longest comes first. */
  private readonly idle: Worker[] = [];
  private readonly all = new Set<Worker>();
  private readonly underWay = new Set<Promise<Buffer>>();

  /** The caller holds to a number at once: every call that finds no idle thread makes one. */
  derive(parameters: Argon2Parameters): Promise<Buffer> {
    const hash = this.compute(this.idle.shift() ?? this.start(), parameters);
    this.underWay.add(hash);
    const forget = (): void => void this.underWay.delete(hash);
    hash.then(forget, forget);
    return hash;
  }

  private compute(worker: Worker, parameters: Argon2Parameters): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        worker.removeAllListeners('message');
        this.all.delete(worker);
        reject(new Error('a hashing thread ended', { cause }));
      };
      worker.once('error', fail).once('exit', fail);
      worker.once('message', (hash: Uint8Array) => {
        worker.off('error', fail).off('exit', fail);
        this.idle.push(worker);
        resolve(Buffer.from(hash));
      });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
      worker.postMessage(parameters);
    });
  }

  /** What is being computed is computed first. */
  async stop(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
    this.idle.length = 0;
    await Promise.all([...this.all].map((worker) => worker.terminate()));
  }

  private start(): Worker {
    // Without our environment: a thread needs none of its secrets, and under `node --watch` would post its modules to us as results.
    const worker = new Worker(SOURCE, { name: 'hash', execArgv: [], env: {} });
    // An idle thread must not keep a process that is done.
    worker.unref();
    this.all.add(worker);
    return worker;
  }
}

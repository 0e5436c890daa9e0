// One thread that hashes: below everything else in the scheduler's eyes, so that a flood of sign-ins waits and conversations do not.
import { argon2Sync } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

// The nicest there is: it gets what nobody else wants. On Linux this means the calling thread; elsewhere it would mean the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);

/** How long a thread rests after a hash, × the time of the hash: what a flood of sign-ins costs the conversations (ADR 26). */
const REST = 1.5;

/** Nobody ever notifies it. */
const alarm = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on('message', (parameters) => {
  const startedAt = performance.now();
  const hash = argon2Sync('argon2id', parameters);
  const took = performance.now() - startedAt;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
  parentPort?.postMessage(hash);
  Atomics.wait(alarm, 0, 0, took * REST);
});

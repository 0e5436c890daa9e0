// One thread that hashes: below everything else in the scheduler's eyes, so that a flood of sign-ins waits and conversations do not.
import { argon2Sync } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

// Nice, but not the nicest there is: with that, who signs in on a machine that is always busy waits for seconds (ADR 26).
// On Linux this means the calling thread; elsewhere it would mean the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/**
 * The most of its time that a thread computes, as 1 in so many: it rests 1.5 × as long as it worked. What a flood of sign-ins costs
 * the conversations (ADR 26).
 */
const TIME_PER_WORK = 2.5;

/** Nobody ever notifies it. */
const alarm = new Int32Array(new SharedArrayBuffer(4));

parentPort?.on('message', (parameters) => {
  const startedAt = performance.now();
  const before = process.threadCpuUsage();
  const hash = argon2Sync('argon2id', parameters);
  const { user, system } = process.threadCpuUsage(before);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
  parentPort?.postMessage(hash);
  // Who had to wait for a core has rested meanwhile: on a busy machine a rest on top would hold people up for nothing.
  const rest = (TIME_PER_WORK * (user + system)) / 1_000 - (performance.now() - startedAt);
  if (rest > 0) Atomics.wait(alarm, 0, 0, rest);
});

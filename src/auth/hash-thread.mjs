// One thread that hashes: below everything else in the scheduler's eyes, so that a flood of sign-ins waits and conversations do not.
import { argon2Sync } from 'node:crypto';
import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

/** How much "nicer" than the process the thread is; 19 is the nicest there is. */
const NICER_BY = 10;

// On Linux this means the calling thread; elsewhere it would mean the whole process.
if (process.platform === 'linux') setPriority(Math.min(19, getPriority() + NICER_BY));

parentPort?.on('message', (parameters) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
  parentPort?.postMessage(argon2Sync('argon2id', parameters));
});

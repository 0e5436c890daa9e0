// One thread that hashes: below everything else in the scheduler's eyes, so that a flood of sign-ins waits and conversations do not.
import { argon2Sync } from 'node:crypto';
import { constants, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

// The nicest there is: it gets what nobody else wants. On Linux this means the calling thread; elsewhere it would mean the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);

parentPort?.on('message', (parameters) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker thread has no origin
  parentPort?.postMessage(argon2Sync('argon2id', parameters));
});

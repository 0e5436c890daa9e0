// Preloaded with `node --import`: at SIGUSR2 the clock jumps to what CONTROL_FILE says (`{ aheadMs, nonce, isWeighed }`), and
// one line on standard output tells the time and, where it was asked for, the memory that is really in use.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { jumpTo } from './clock-ahead.mjs';

if (isMainThread)
  process.on('SIGUSR2', () => {
    const { aheadMs, nonce, isWeighed } = JSON.parse(readFileSync(process.env.CONTROL_FILE, 'utf8'));
    jumpTo(aheadMs);
    const memory = isWeighed ? weigh() : {};
    process.stdout.write(`${JSON.stringify({ event: 'control.obeyed', nonce, now: Date.now(), ...memory })}\n`);
  });

/**
 * Collects garbage as V8 does before it gives up: an ordinary collection keeps the pages that it empties for what comes next, as
 * many as there ever were, for as long as the process is busy.
 */
function weigh() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heapUsed, external, mallocHeap: mallocHeap() };
}

/** Resident bytes of malloc's main heap; 0 where there is no /proc. */
function mallocHeap() {
  try {
    const [, kib = 0] = /\[heap\]\n(?:\w+: .*\n)*?Rss: +(\d+) kB/.exec(readFileSync('/proc/self/smaps', 'utf8')) ?? [];
    return Number(kib) * 1_024;
  } catch {
    return 0;
  }
}

// Preloaded with `node --import`: at SIGUSR2 the clock jumps to what CONTROL_FILE says (`{ aheadMs, nonce }`), garbage is
// collected, and one line on standard output tells how things stand.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { jumpTo } from './clock-ahead.mjs';

if (isMainThread)
  process.on('SIGUSR2', () => {
    const { aheadMs, nonce } = JSON.parse(readFileSync(process.env.CONTROL_FILE, 'utf8'));
    jumpTo(aheadMs);
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    const { rss } = process.memoryUsage();
    process.stdout.write(`${JSON.stringify({ event: 'control.obeyed', nonce, now: Date.now(), rss })}\n`);
  });

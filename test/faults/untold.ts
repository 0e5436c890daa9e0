import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from './bot.js';
import { topOf } from './bot-memory.js';

/** A hint that is lost is healed by the beacon in so long (ms), with a look of the suite's own. */
export const BEACON = 6_000;

/** Waits until everybody who is in a conversation has heard all that was acknowledged there. @returns what is missing after `BEACON` */
export async function untoldInTime(bots: Bot[]): Promise<string[]> {
  let missing = untold(bots);
  for (const until = performance.now() + BEACON; missing.length > 0 && performance.now() < until; await sleep(50))
    missing = untold(bots);
  return missing;
}

function untold(bots: Bot[]): string[] {
  return bots.flatMap((bot) => {
    const { current } = bot;
    const partner = bots.find((other) => other.current?.conversation === current?.conversation && other !== bot);
    if (!current || !partner || !bot.line.isReady) return [];
    const said = partner.outbox.sends.filter((s) => s.conversation === current.conversation && s.outcome === 'ok');
    const newest = Math.max(0, ...said.map((send) => send.seq ?? 0));
    return topOf(current) < newest ? [`${bot.name} was not told ${newest} of ${current.conversation}`] : [];
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Bot } from './bot.js';
import { check } from './checker.js';
import type { RunResult, Strike } from './fault-run.js';
import { Random } from './random.js';

interface RemoteOptions {
  url: string;
  origin: string;
  bots: number;
  say: (line: string) => void;
}

/** Rounds of faults that clients alone can bring about. */
const ROUNDS = 10;

/** How long bots may take to be back (ms). */
const BOUND = 15_000;

/** Against any deployment: sockets that drop, second connections. Names and times come from the contract alone. */
export async function runRemote({ url, origin, bots: count, say }: RemoteOptions): Promise<RunResult> {
  const random = new Random(1);
  const begun = performance.now();
  const target = { urls: [url], origin };
  const tag = Math.random().toString(36).slice(2, 6);
  const bots = Array.from(
    { length: count },
    (_, i) => new Bot({ name: `${tag}${i}`, target, random: new Random(i), talkLength: 25, thinkMs: 200 }),
  );
  await Promise.all(bots.map((bot) => bot.start()));
  await sleep(3_000);
  const strikes: Strike[] = [];
  const acts: [string, (bot: Bot) => void][] = [
    ['sockets drop', (bot) => bot.cut()],
    ['take-over in mid-send', (bot) => bot.takeOver()],
  ];
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [row, act] of acts) {
      const at = performance.now();
      for (const bot of bots) if (random.next() < 0.5) act(bot);
      let recoveredMs: number | undefined;
      while (recoveredMs === undefined && performance.now() - at < BOUND) {
        await sleep(25);
        if (bots.every((bot) => bot.isConnected && bot.lastAnswerAt > at)) recoveredMs = performance.now() - at;
      }
      strikes.push({ row, at: at - begun, healedAt: at - begun, recoveredMs, boundMs: BOUND, evidence: undefined });
      say(`${row}: ${recoveredMs === undefined ? 'NOT recovered' : `all well after ${Math.round(recoveredMs)} ms`}`);
      await sleep(1_000);
    }
  await Promise.all(bots.map((bot) => bot.stop(20_000)));
  await Promise.all(bots.map((bot) => bot.readEverything()));
  const sends = bots.flatMap((bot) => bot.sends);
  const takeOvers = bots.flatMap((bot) => bot.takeOvers).filter(({ newerReadyAt }) => Number.isFinite(newerReadyAt));
  const views = bots.flatMap((bot) => [...bot.views.values()]);
  const outcome = (name: string): number => sends.filter((send) => send.outcome === name).length;
  return {
    seed: 1,
    strikes,
    violations: check({ sends, views, takeOvers, silences: [], incidents: [] }),
    sends: { ok: outcome('ok'), fail: outcome('fail'), info: outcome('info') },
    conversations: new Set(views.map((view) => view.conversation)).size,
    latencies: sends.flatMap((send) =>
      send.outcome === 'ok' && send.answeredAt ? [[send.invokedAt - begun, send.answeredAt - send.invokedAt]] : [],
    ),
  };
}

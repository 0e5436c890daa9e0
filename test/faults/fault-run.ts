import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './bot-account.js';
import { Bot } from './bot.js';
import { check } from './checker.js';
import type { FaultDeployment } from './fault-deployment.js';
import type { History } from './history.js';
import { missingEvidence, slowAcks, slowComebacks } from './judgement.js';
import { MemoryWatch } from './memory-watch.js';
import { quantile } from './quantile.js';
import { Random } from './random.js';
import type { Row } from './row.types.js';
import { strikeOnce } from './strike.js';
import type { Finding, Stage, Strike } from './strike.js';
import { untoldInTime } from './untold.js';
import { Watch } from './watch.js';
import type { Healed } from './watch.js';

export interface RunOptions {
  seed: number;
  rows: Row[];
  faultsPerRow: number;
  bots: number;
  /** Longest pause of a bot between two messages (ms). */
  thinkMs?: number;
  /** What bots are called, before their number: strangers of earlier runs may still be about. */
  prefix?: string;
  /** A short run: the memory of the processes is not compared, which takes half a minute. */
  ignoresMemory?: boolean;
  /** Called with one line for each thing that happens. */
  say: (line: string) => void;
}

export interface RunResult {
  seed: number;
  strikes: Strike[];
  violations: Finding[];
  sends: { ok: number; fail: number; info: number };
  conversations: number;
  /** Of acknowledged sends: invoked (ms from the start) and how long it took (ms). */
  latencies: [at: number, ms: number][];
  /** What clients had missed and got, by the way in which they got it. */
  healed: Healed[];
  /** Memory of the processes that lived through the rows which spare them. */
  memory: string[];
}

/** How long bots may still settle what is under way at the end (ms). */
const PATIENCE = 20_000;

/** How long the crowd may take to get talking before the next fault (ms). */
const TALK_PATIENCE = 10_000;

/** How long searchers are watched after the last heal (ms): longer than they may be left without a word. */
const SEARCHERS_WATCHED = 17_000;

/**
 * Bots talk while the rows strike, one after the other; then all is quiet, read by both sides and by SQL, and checked.
 * Without a deployment only the target is known: rows that clients bring about, and what clients see.
 */
export async function runFaults(
  { target, deployment }: { target: Target; deployment?: FaultDeployment },
  options: RunOptions,
): Promise<RunResult> {
  const { seed, rows, faultsPerRow, say } = options;
  const begun = performance.now();
  const bots = makeBots(target, options);
  await Promise.all(bots.map((bot) => bot.start()));
  await sleep(3_000);
  const stage: Stage = { bots, random: new Random(seed), begun, deployment };
  const watch = new Watch(stage);
  const memory = new MemoryWatch(options.ignoresMemory ? undefined : deployment, rows, faultsPerRow);
  const strikes: Strike[] = [];
  const findings: Finding[] = [];
  for (const row of rows)
    for (let n = 0; n < faultsPerRow; n += 1) {
      await deployment?.revive();
      findings.push(...(await memory.before(row)));
      watch.pause();
      const outcome = await strikeOnce(row, stage);
      watch.resume();
      findings.push(...outcome.findings);
      strikes.push(outcome.strike);
      say(describeStrike(outcome.strike));
      for (const { what } of outcome.findings) say(`  FOUND ${what}`);
      await deployment?.revive();
      await sleep(stage.random.between(300, 1_000));
      await waitForTalk(bots);
    }
  await sleep(SEARCHERS_WATCHED);
  findings.push(...(await memory.end()));
  const silences = watch.stop();
  await Promise.all(bots.map((bot) => bot.fallSilent(PATIENCE)));
  // What somebody lacks is the checker's to say.
  await untoldInTime(bots);
  await Promise.all(bots.map((bot) => bot.stop()));
  await Promise.all(bots.map((bot) => bot.readEverything()));
  const stored = await deployment?.stored(new Map(bots.map((bot) => [bot.userId, bot.name])));
  const history: History = {
    sends: bots.flatMap((bot) => bot.outbox.sends),
    views: bots.flatMap((bot) => [...bot.memory.views.values()]),
    takeOvers: bots.flatMap((bot) => bot.line.takeOvers).filter(({ newerReadyAt }) => Number.isFinite(newerReadyAt)),
    silences,
    ...(stored ? { stored } : {}),
    incidents: [...((await deployment?.incidents()) ?? []), ...oddAnswers(bots)],
  };
  return {
    seed,
    strikes,
    violations: [
      ...check(history),
      ...findings,
      ...rows.flatMap((row) => [
        ...missingEvidence(row, strikes),
        ...slowComebacks(row, strikes),
        ...slowAcks(row, strikes),
      ]),
    ],
    sends: countOutcomes(history),
    conversations: new Set(history.views.map(({ conversation }) => conversation)).size,
    latencies: history.sends.flatMap((send) =>
      send.outcome === 'ok' && send.answeredAt ? [[send.invokedAt - begun, send.answeredAt - send.invokedAt]] : [],
    ),
    healed: watch.healed,
    memory: memory.lines,
  };
}

function makeBots(target: Target, { bots, seed, thinkMs = 200, prefix = 'b' }: RunOptions): Bot[] {
  return Array.from({ length: bots }, (_, i) => {
    const random = new Random(seed * 1_000 + i);
    return new Bot({ name: `${prefix}${i}`, target, random, talkLength: 25, thinkMs });
  });
}

/** A fault that strikes a silent crowd tests little: most must be in the middle of a conversation. */
async function waitForTalk(bots: Bot[]): Promise<void> {
  const isTalking = ({ current }: Bot): boolean => (current?.live.length ?? 0) > 0;
  for (const until = performance.now() + TALK_PATIENCE; performance.now() < until; await sleep(50))
    if (bots.filter(isTalking).length > bots.length / 2) return;
}

const oddAnswers = (bots: Bot[]): string[] =>
  bots.flatMap((bot) =>
    bot.outbox.sends.filter((s) => s.outcome === 'info' && s.code).map((s) => `${bot.name} got ${s.code}`),
  );

function countOutcomes({ sends }: History): RunResult['sends'] {
  const count = { ok: 0, fail: 0, info: 0 };
  for (const { outcome } of sends) count[outcome] += 1;
  return count;
}

function describeStrike({ row, recoveredMs, healedAt, at, evidence, acks }: Strike): string {
  const recovery =
    recoveredMs === undefined ? 'NOT recovered' : `all well ${Math.round(recoveredMs)} ms after the heal`;
  const moved = evidence === undefined ? '' : `, metric +${evidence}`;
  const waits = acks.length === 0 ? '' : `, acks p99 ${quantile(acks, 0.99)} ms`;
  return `${row}: ${Math.round(healedAt - at)} ms of fault, ${recovery}${moved}${waits}`;
}

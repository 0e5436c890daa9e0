import { setTimeout as sleep } from 'node:timers/promises';
import { Bot } from './bot.js';
import { check } from './checker.js';
import type { Violation } from './checker.js';
import type { FaultDeployment } from './fault-deployment.js';
import type { History } from './history.js';
import { Random } from './random.js';
import type { Row } from './rows.js';

export interface RunOptions {
  seed: number;
  rows: Row[];
  faultsPerRow: number;
  bots: number;
  /** Longest pause of a bot between two messages (ms). */
  thinkMs?: number;
  /** Called with one line for each thing that happens. */
  say: (line: string) => void;
}

/** One fault and how it went (monotonic ms, from the start of the run). */
export interface Strike {
  row: string;
  at: number;
  healedAt: number;
  /** From the heal until every bot got an answer; undefined: not within the bound. */
  recoveredMs: number | undefined;
  boundMs: number;
  /** How far the row's metric moved; undefined: it has none. */
  evidence: number | undefined;
}

export interface RunResult {
  seed: number;
  strikes: Strike[];
  violations: (Violation | { invariant: 'bound' | 'evidence'; what: string })[];
  sends: { ok: number; fail: number; info: number };
  conversations: number;
  /** Of acknowledged sends: invoked (ms from the start) and how long it took (ms). */
  latencies: [at: number, ms: number][];
}

/** How long bots may still settle what is under way at the end (ms). */
const PATIENCE = 20_000;

/** How long a metric may take to show what happened (ms). */
const EVIDENCE_PATIENCE = 2_000;

/** How long the crowd may take to get talking before the next fault (ms). */
const TALK_PATIENCE = 10_000;

/** Bots talk while the rows strike, one after the other; then all is quiet, read by both sides and by SQL, and checked. */
export async function runFaults(deployment: FaultDeployment, options: RunOptions): Promise<RunResult> {
  const { seed, rows, faultsPerRow, thinkMs = 200, say } = options;
  const random = new Random(seed);
  const begun = performance.now();
  const bots = Array.from(
    { length: options.bots },
    (_, i) =>
      new Bot({
        name: `b${i}`,
        target: deployment.target,
        random: new Random(seed * 1_000 + i),
        talkLength: 25,
        thinkMs,
      }),
  );
  await Promise.all(bots.map((bot) => bot.start()));
  await sleep(3_000);
  const strikes: Strike[] = [];
  const lost: string[] = [];
  for (const row of rows)
    for (let n = 0; n < faultsPerRow; n += 1) {
      const outcome = await strike(row, { deployment, bots, random, begun });
      lost.push(...outcome.lost);
      strikes.push(outcome.strike);
      say(describeStrike(outcome.strike));
      await sleep(random.between(300, 1_200));
      await waitForTalk(bots);
    }
  const silences = await waitForSearchers(bots);
  await Promise.all(bots.map((bot) => bot.stop(PATIENCE)));
  await Promise.all(bots.map((bot) => bot.readEverything()));
  const history: History = {
    sends: bots.flatMap((bot) => bot.sends),
    views: bots.flatMap((bot) => [...bot.views.values()]),
    takeOvers: bots.flatMap((bot) => bot.takeOvers).filter(({ newerReadyAt }) => Number.isFinite(newerReadyAt)),
    silences,
    stored: await deployment.stored(new Map(bots.map((bot) => [bot.userId, bot.name]))),
    incidents: [...(await deployment.incidents()), ...oddAnswers(bots)],
  };
  return {
    seed,
    strikes,
    violations: [
      ...check(history),
      ...lost.map((what) => ({ invariant: 'I2' as const, what })),
      ...strikes.flatMap(complain),
      ...rows.flatMap((row) => missEvidence(row, strikes)),
    ],
    sends: countOutcomes(history),
    conversations: history.stored?.length ?? 0,
    latencies: history.sends.flatMap((send) =>
      send.outcome === 'ok' && send.answeredAt ? [[send.invokedAt - begun, send.answeredAt - send.invokedAt]] : [],
    ),
  };
}

interface StrikeScene {
  deployment: FaultDeployment;
  bots: Bot[];
  random: Random;
  begun: number;
}

async function strike(row: Row, scene: StrikeScene): Promise<{ strike: Strike; lost: string[] }> {
  const { deployment, bots, begun } = scene;
  const measure = () => (row.evidence ? deployment.metric(row.evidence.metric, row.evidence.labels) : undefined);
  const before = await measure();
  const at = performance.now();
  const lost = (await row.strike(scene)) ?? [];
  const healed = performance.now();
  let recoveredMs: number | undefined;
  while (recoveredMs === undefined && performance.now() - healed < row.boundMs) {
    await sleep(25);
    if (bots.every((bot) => bot.isConnected && bot.lastAnswerAt > healed)) recoveredMs = performance.now() - healed;
  }
  let after = await measure();
  for (
    const until = performance.now() + EVIDENCE_PATIENCE;
    after === before && performance.now() < until;
    await sleep(200)
  )
    after = after === undefined ? undefined : await measure();
  return {
    lost,
    strike: {
      row: row.name,
      at: at - begun,
      healedAt: healed - begun,
      recoveredMs,
      boundMs: row.boundMs,
      evidence: before === undefined || after === undefined ? undefined : after - before,
    },
  };
}

/** A fault that strikes a silent crowd tests little: most must be in the middle of a conversation. */
async function waitForTalk(bots: Bot[]): Promise<void> {
  const isTalking = ({ current }: Bot): boolean => (current?.live.length ?? 0) > 0;
  for (const until = performance.now() + TALK_PATIENCE; performance.now() < until; await sleep(50))
    if (bots.filter(isTalking).length > bots.length / 2) return;
}

/** I7: after the last heal nobody who searches is left alone. */
async function waitForSearchers(bots: Bot[]): Promise<History['silences']> {
  const since = performance.now();
  await sleep(7_000);
  return bots
    .filter((bot) => bot.isSearching)
    .map((bot) => ({ bot: bot.name, ms: bot.lastToldAt > since ? 0 : performance.now() - bot.lastToldAt }));
}

const complain = ({ row, recoveredMs, boundMs }: Strike): RunResult['violations'] =>
  recoveredMs === undefined ? [{ invariant: 'bound', what: `${row}: not all well ${boundMs} ms after the heal` }] : [];

/** A row whose metric never moved tested nothing. */
function missEvidence({ name }: Row, strikes: Strike[]): RunResult['violations'] {
  const moved = strikes.filter((strike) => strike.row === name).flatMap(({ evidence }) => evidence ?? []);
  const isBlind = moved.length > 0 && moved.every((by) => by === 0);
  return isBlind ? [{ invariant: 'evidence', what: `${name}: its metric did not move` }] : [];
}

const oddAnswers = (bots: Bot[]): string[] =>
  bots.flatMap((bot) =>
    bot.sends.filter((s) => s.outcome === 'info' && s.code).map((s) => `${bot.name} got ${s.code}`),
  );

function countOutcomes({ sends }: History): RunResult['sends'] {
  const count = { ok: 0, fail: 0, info: 0 };
  for (const { outcome } of sends) count[outcome] += 1;
  return count;
}

function describeStrike({ row, recoveredMs, healedAt, at, evidence }: Strike): string {
  const recovery =
    recoveredMs === undefined ? 'NOT recovered' : `all well ${Math.round(recoveredMs)} ms after the heal`;
  const moved = evidence === undefined ? '' : `, metric +${evidence}`;
  return `${row}: ${Math.round(healedAt - at)} ms of fault, ${recovery}${moved}`;
}

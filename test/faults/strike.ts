import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from './bot.js';
import type { Violation } from './checker.js';
import type { Counters, CounterQuery } from './counters.js';
import type { FaultDeployment } from './fault-deployment.js';
import type { Random } from './random.js';
import type { Notice, Row, Scene } from './row.types.js';

/** One fault and how it went (monotonic ms, from the start of the run). */
export interface Strike {
  row: string;
  at: number;
  healedAt: number;
  /** From the heal until every bot was well; undefined: not within the bound. */
  recoveredMs: number | undefined;
  boundMs: number;
  p95Ms: number | undefined;
  /** The same of each bot whose connection went. */
  comebacks: number[];
  /** How far the row's metric moved; undefined: it cannot be seen from here, or the strike looked itself. */
  evidence: number | undefined;
  /** How long the acknowledgements of what was said meanwhile took; empty: the row promises nothing of them. */
  acks: number[];
}

export interface Finding {
  invariant: Violation['invariant'] | 'bound' | 'evidence';
  what: string;
  /** When, if that is known (ms from the start of the run). */
  at?: number;
}

export interface Stage {
  bots: Bot[];
  random: Random;
  /** Absent: a deployment of which only the contract is known. */
  deployment: FaultDeployment | undefined;
  /** When the run began (monotonic ms). */
  begun: number;
}

/** What a loaded machine may add to a bound before it is broken (ms): three of these suites share two cores. */
export const SLACK = 5_000;

/** How long a metric may take to show what happened (ms). */
const EVIDENCE_PATIENCE = 4_000;

/** How long acknowledgements are watched after the heal, where they have a bound (ms). */
const ACKS_WATCHED = 1_500;

/** Refusals that are no refusals: the partner has left. */
const OVER = ['CONVERSATION_ENDED', 'NOT_FOUND'];

/** Strikes once, waits until all is well or the bound is over, and judges. */
export async function strikeOnce(row: Row, stage: Stage): Promise<{ strike: Strike; findings: Finding[] }> {
  const { bots, begun, deployment } = stage;
  const before = await deployment?.counters();
  const query = counterOf(row);
  const moved = async (): Promise<number> => movement(query, before, await deployment?.counters());
  const at = performance.now();
  let healed: number | undefined;
  const scene: Scene = {
    bots,
    random: stage.random,
    healed: () => (healed ??= performance.now()),
    hasMoved: async () => (await moved()) > 0,
  };
  const progress = { isOver: false };
  const work = act(row, scene, deployment).finally(() => {
    healed ??= performance.now();
    progress.isOver = true;
  });
  const well = new Map<Bot, number>();
  // A heal may come before the end of the work: a killed process is started again while the others take over.
  while (!progress.isOver || (well.size < bots.length && performance.now() - (healed ?? 0) < row.boundMs + SLACK)) {
    await Promise.race([sleep(25), work]);
    if (healed !== undefined) noteWell(well, bots, healed);
    if (progress.isOver) await sleep(25);
  }
  const lost = (await work) ?? [];
  const healedAt = healed ?? performance.now();
  if (row.ackP99Ms !== undefined) await sleep(Math.max(0, healedAt + ACKS_WATCHED - performance.now()));
  const evidence = await gather(row, { ...stage, at, moved, isSeen: before !== undefined });
  const until = performance.now();
  const isHit = (bot: Bot): boolean => bot.line.closures.some((closure) => closure >= at);
  const strike: Strike = {
    row: row.name,
    at: at - begun,
    healedAt: healedAt - begun,
    recoveredMs: well.size < bots.length ? undefined : Math.max(0, ...well.values()),
    boundMs: row.boundMs,
    p95Ms: row.p95Ms,
    comebacks: [...well].filter(([bot]) => isHit(bot)).map(([, ms]) => ms),
    evidence,
    acks: row.ackP99Ms === undefined ? [] : acksOf(bots, at, until),
  };
  const findings = [
    ...lost.map((what): Finding => ({ invariant: 'bound', what: `${row.name}: ${what}` })),
    ...judge(row, strike, { bots, at, until }),
  ];
  return { strike, findings: findings.map((finding) => ({ at: strike.at, ...finding })) };
}

function act(row: Row, scene: Scene, deployment: FaultDeployment | undefined): Promise<string[] | void> {
  if (row.by === 'clients') return row.strike(scene);
  if (!deployment) throw new Error(`${row.name} needs control of the processes`);
  return row.strike({ ...scene, deployment });
}

function noteWell(well: Map<Bot, number>, bots: Bot[], healed: number): void {
  const isWell = (bot: Bot): boolean => bot.line.isReady && bot.lastAnswerAt > healed;
  for (const bot of bots) if (!well.has(bot) && isWell(bot)) well.set(bot, performance.now() - healed);
}

const counterOf = ({ evidence }: Row): CounterQuery | undefined =>
  typeof evidence === 'object' && 'metric' in evidence ? evidence : undefined;

/** What the bots are asked for: where nothing else is, or can be. */
function noticeOf({ evidence }: Row, isSeen: boolean): Notice | undefined {
  if (typeof evidence !== 'object') return undefined;
  if ('count' in evidence) return evidence;
  return isSeen ? undefined : evidence.bots;
}

function movement(query: CounterQuery | undefined, before: Counters | undefined, after: Counters | undefined): number {
  return query && before && after ? after.movedSince(before, query) : 0;
}

interface Search extends Stage {
  at: number;
  moved: () => Promise<number>;
  isSeen: boolean;
}

async function gather(row: Row, { bots, at, moved, isSeen }: Search): Promise<number | undefined> {
  const notice = noticeOf(row, isSeen);
  if (notice) return notice.count(bots, at, performance.now());
  if (!counterOf(row) || !isSeen) return undefined;
  let by = await moved();
  for (const until = performance.now() + EVIDENCE_PATIENCE; by === 0 && performance.now() < until; await sleep(250))
    by = await moved();
  return by;
}

/** How long the messages of that time waited for their acknowledgements (ms); what still waits counts as it stands. */
function acksOf(bots: Bot[], from: number, to: number): number[] {
  return bots
    .flatMap((bot) => bot.outbox.sends)
    .filter(({ invokedAt, outcome }) => invokedAt >= from && invokedAt <= to && outcome !== 'fail')
    .map(({ invokedAt, answeredAt }) => Math.round((answeredAt ?? to) - invokedAt));
}

interface Time {
  bots: Bot[];
  at: number;
  until: number;
}

function judge(row: Row, strike: Strike, { bots, at, until }: Time): Finding[] {
  const bound = (what: string): Finding => ({ invariant: 'bound', what: `${row.name}: ${what}` });
  const during = (time: number): boolean => time >= at && time <= until;
  const gone = bots.filter((bot) => bot.line.closures.some(during)).map(({ name }) => name);
  const refusals = bots.flatMap((bot) => bot.outbox.refusals.filter((r) => during(r.at) && !OVER.includes(r.code)));
  const { recoveredMs } = strike;
  return [
    ...(recoveredMs === undefined ? [bound(`not all well ${row.boundMs} ms after the heal`)] : []),
    ...(row.keepsConnections && gone.length > 0 ? [bound(`the connections of ${gone.join(', ')} ended`)] : []),
    ...(row.refusesNothing && refusals.length > 0 ? [bound(`a send was answered with ${refusals[0]?.code}`)] : []),
  ];
}

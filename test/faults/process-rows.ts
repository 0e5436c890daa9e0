import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../support/deployment.js';
import { moveClock } from '../support/remote-control.js';
import type { Bot } from './bot.js';
import type { FaultDeployment } from './fault-deployment.js';
import { slowAnswers } from './notices.js';
import { processOfATalker } from './talkers.js';
import type { ControlledScene, Row } from './row.types.js';

const HOUR = 3_600_000;

/** Rows that leave the processes alive. */
export const SPARING_ROWS: Row[] = [
  {
    name: 'api stopped for 3 s',
    by: 'deployment',
    strike: async ({ deployment, bots, random }) => {
      const api = deployment.apis[processOfATalker(deployment, bots, random)];
      api?.signal('SIGSTOP');
      await sleep(3_000);
      api?.signal('SIGCONT');
    },
    boundMs: 10_000,
    evidence: slowAnswers(1_500),
  },
  {
    name: 'clock jumps by an hour, and back',
    by: 'deployment',
    strike: jump,
    boundMs: 0,
    ackP99Ms: 1_000,
    keepsConnections: true,
    refusesNothing: true,
    evidence: 'strike',
  },
];

/** Rows that end them. */
export const PROCESS_ROWS: Row[] = [
  {
    name: 'worker kill -9',
    by: 'deployment',
    strike: killWorker,
    boundMs: 5_000,
    ackP99Ms: 1_000,
    keepsConnections: true,
    refusesNothing: true,
    restarts: true,
    // The one that was not killed had stood still.
    evidence: { metric: 'stoa_matching_tick_seconds_count', of: 'survivors' },
  },
  {
    name: 'api kill -9',
    by: 'deployment',
    strike: killApi,
    boundMs: 10_000,
    p95Ms: 3_000,
    restarts: true,
    evidence: { metric: 'stoa_chat_resumed_total', of: 'survivors' },
  },
  {
    name: 'rolling deploy, two versions',
    by: 'deployment',
    strike: rollOut,
    boundMs: 3_000,
    refusesNothing: true,
    restarts: true,
    evidence: { metric: 'stoa_chat_resumed_total' },
  },
];

/** Nobody connects elsewhere, nothing expires: answers how far the clock was off where it was not as ordered. */
async function jump({ deployment, random }: ControlledScene): Promise<string[]> {
  const member = random.pick(deployment.members);
  const by = random.next() < 0.5 ? HOUR : -HOUR;
  const now = await moveClock(member, by);
  const off = Math.abs(now - Date.now() - by);
  await sleep(2_000);
  await moveClock(member, 0);
  return off < 60_000 ? [] : [`the clock of ${member.name} did not jump`];
}

async function killApi({ deployment, bots, random, healed }: ControlledScene): Promise<void> {
  const api = deployment.apis[processOfATalker(deployment, bots, random)];
  if (!api) throw new Error('no api process');
  await deployment.bounce(api, 'SIGKILL', healed);
}

/** The worker that pairs at the moment goes; a pair that says goodbye just then is to be matched again by the other. */
async function killWorker({ deployment, bots, random, healed }: ControlledScene): Promise<string[]> {
  const victim = await busiest(deployment);
  const killedAt = performance.now();
  const leavers = bots.filter((bot) => bot.current);
  const leaver = random.pick(leavers.length > 0 ? leavers : bots);
  const restarted = deployment.bounce(victim, 'SIGKILL', () => {
    leaver.leaveSoon();
    healed();
  });
  const isMatched = (): boolean => leaver.memory.enteredAt > killedAt;
  for (const until = killedAt + MATCHED_WITHIN; !isMatched() && performance.now() < until;) await sleep(25);
  const took = leaver.memory.enteredAt - killedAt;
  await restarted;
  return isMatched() && took <= MATCHED_WITHIN ? [] : [`${leaver.name} was not matched within ${MATCHED_WITHIN} ms`];
}

/** A search that is started when the worker goes is matched (ms): 5 s, with the goodbye before and a loaded machine's second. */
const MATCHED_WITHIN = 7_000;

/** The worker that has looked at searches most in the last moment. */
async function busiest(deployment: FaultDeployment): Promise<Member> {
  const before = await deployment.counters();
  await sleep(500);
  const then = before.read('stoa_matching_tick_seconds_count');
  const now = (await deployment.counters()).read('stoa_matching_tick_seconds_count');
  const ticks = ({ pid }: Member): number => (now.get(pid) ?? 0) - (then.get(pid) ?? 0);
  const [first] = deployment.workers.toSorted((a, b) => ticks(b) - ticks(a));
  if (!first) throw new Error('no worker');
  return first;
}

/** How long a bot may be without a connection when a process drains (ms). */
const MAX_AWAY = 3_000;

/** Way to Postgres and back while a process drains (ms, each): most have a message under way at any moment. */
const SLOW = 100;

async function rollOut({ deployment, bots }: ControlledScene): Promise<string[]> {
  const begun = performance.now();
  const { toPostgres } = deployment;
  for (const index of deployment.apis.keys()) {
    toPostgres.set('delay', SLOW);
    await deployment.rollOut(index, () => toPostgres.set('pass'));
  }
  return bots.flatMap((bot) => [...longAbsences(bot, begun), ...unansweredSends(bot, begun)]);
}

function longAbsences({ name, line }: Bot, begun: number): string[] {
  return line.closures
    .filter((at) => at > begun)
    .flatMap((at) => {
      const away = (line.arrivals.find((back) => back > at) ?? Infinity) - at;
      return away > MAX_AWAY ? [`${name} was away for ${Math.round(away)} ms while a process drained`] : [];
    });
}

/** Bots go when they are told to, with nothing under way: whatever was asked of a process that drains has its answer. */
function unansweredSends({ name, outbox }: Bot, begun: number): string[] {
  return outbox.sends
    .filter(({ invokedAt, attempts }) => invokedAt > begun && attempts > 1)
    .map(({ text, attempts }) => `${name} had to say "${text}" ${attempts} times while a process drained`);
}

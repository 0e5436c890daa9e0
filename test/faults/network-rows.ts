import { setTimeout as sleep } from 'node:timers/promises';
import type { Bot } from './bot.js';
import { closures, slowAnswers, supersessions } from './notices.js';
import { processOfATalker } from './talkers.js';
import type { ControlledScene, Row, Scene } from './row.types.js';
import { DELAY } from './tcp-proxy.js';
import type { ProxyMode } from './tcp-proxy.js';

export const NETWORK_ROWS: Row[] = [
  {
    name: 'half-open network',
    by: 'deployment',
    strike: async ({ deployment, bots, random }) => {
      const door = deployment.doors[processOfATalker(deployment, bots, random)];
      if (!door) throw new Error('no door');
      door.set('hole');
      await sleep(18_500);
      door.cut();
      door.set('pass');
    },
    boundMs: 5_000,
    evidence: { metric: 'stoa_socket_closed_total', labels: 'reason="ping timeout"' },
  },
  {
    name: `every network is slow: ${DELAY} ms each way`,
    by: 'deployment',
    strike: (scene) => disturb(scene, 'delay', 3_000),
    boundMs: 5_000,
    keepsConnections: true,
    evidence: slowAnswers(4 * DELAY),
  },
  {
    name: 'every network slices: seven bytes at a time',
    by: 'deployment',
    strike: (scene) => disturb(scene, 'slice', 2_000),
    boundMs: 5_000,
    keepsConnections: true,
    evidence: 'strike',
  },
];

/** What clients alone can bring about, against any deployment. */
export const CLIENT_ROWS: Row[] = [
  {
    name: 'all sockets drop at once',
    by: 'clients',
    strike: async ({ bots }) => bots.forEach((bot) => bot.line.cut()),
    boundMs: 15_000,
    p95Ms: 15_000,
    evidence: { metric: 'stoa_chat_resumed_total', bots: closures },
  },
  {
    name: 'take-over in mid-send',
    by: 'clients',
    strike: async ({ bots, random }) => {
      const records = bots.flatMap((bot) => (random.next() < 0.5 ? (bot.line.takeOver() ?? []) : []));
      const isOver = (): boolean => records.every(({ olderClosedAt }) => olderClosedAt !== undefined);
      for (const until = performance.now() + 2_000; !isOver() && performance.now() < until;) await sleep(25);
    },
    boundMs: 5_000,
    evidence: { metric: 'stoa_presence_superseded_total', bots: supersessions },
  },
  {
    name: 'slow consumer',
    by: 'clients',
    strike: stopReading,
    boundMs: 5_000,
    evidence: { metric: 'stoa_socket_slow_consumers_total', bots: closures },
  },
];

async function disturb({ deployment }: ControlledScene, mode: ProxyMode, ms: number): Promise<string[]> {
  const { doors, toPostgres, toRedis } = deployment;
  // Everybody may have come to one door by now.
  const networks = { clients: doors, Postgres: [toPostgres], Redis: [toRedis] };
  const ways = Object.values(networks).flat();
  const disturbed = (): number[] =>
    Object.values(networks).map((some) => some.reduce((sum, way) => sum + way.disturbed, 0));
  const before = disturbed();
  for (const way of ways) way.set(mode);
  await sleep(ms);
  for (const way of ways) way.set('pass');
  const after = disturbed();
  return Object.keys(networks)
    .filter((_, i) => after[i] === before[i])
    .map((name) => `the network to ${name} was not disturbed`);
}

/**
 * Long texts that are said first, and how often they are asked for, within the 64 that a socket may have waiting: some 40 MB, as the
 * kernels on the way take the first ones.
 */
const LONG_TEXTS = 90;
const ASKED = 60;
/** For the long texts (ms). */
const SAID_WITHIN = 20_000;
/** For the server to be done with who does not read: once the kernels are full, 5 s without progress, looked at every second (ms). */
const PATIENCE = 20_000;

/** A bot asks for a long conversation, again and again, and reads none of it. */
async function stopReading({ bots, random, healed, hasMoved }: Scene): Promise<string[]> {
  const [deaf, partner] = await aPair(bots, random.next());
  if (!deaf || !partner) return ['nobody was in a conversation'];
  deaf.pause();
  partner.shout(true);
  const isLong = await hasBecomeLong(deaf, partner);
  if (isLong) {
    deaf.askAndNotRead(ASKED);
    for (const until = performance.now() + PATIENCE; !(await hasMoved()) && performance.now() < until;)
      await sleep(250);
  }
  partner.shout(false);
  healed();
  const readsOnAt = performance.now();
  deaf.line.readOn();
  deaf.resume();
  if (!isLong) return [`${partner.name} could not say ${LONG_TEXTS} long texts to ${deaf.name}`];
  const isClosed = (): boolean => deaf.line.closures.some((at) => at >= readsOnAt);
  for (const until = readsOnAt + CLOSED_WITHIN; !isClosed() && performance.now() < until;) await sleep(25);
  return isClosed() ? [] : [`${deaf.name} read nothing and was not closed`];
}

/** Waits for the long texts, and until `deaf` waits for no answer: it would write again, and notice before it reads that it was closed. */
async function hasBecomeLong(deaf: Bot, partner: Bot): Promise<boolean> {
  const conversation = deaf.current?.conversation;
  const isLong = (): boolean =>
    !deaf.outbox.isBusy &&
    partner.outbox.sends.filter((send) => send.conversation === conversation && send.text.includes('…')).length >=
      LONG_TEXTS;
  for (const until = performance.now() + SAID_WITHIN; !isLong() && performance.now() < until;) await sleep(50);
  return isLong();
}

/** Of a connection that was closed while its client did not read: it learns of it when it does (ms), behind what waits to be read. */
const CLOSED_WITHIN = 5_000;

/** Two who talk, and of whom neither is about to leave: asked and not yet answered, that would be the end of what they are in. */
async function aPair(bots: Bot[], chance: number): Promise<Bot[]> {
  for (let tries = 0; tries < 100; tries += 1) {
    const staying = bots.filter((bot) => bot.line.isReady && !bot.isLeaving);
    const pairs = staying.flatMap((bot) => {
      const mate = staying.find((b) => b !== bot && b.current && b.current.conversation === bot.current?.conversation);
      return mate ? [[bot, mate]] : [];
    });
    const pair = pairs[Math.floor(chance * pairs.length)];
    if (pair) return pair;
    await sleep(50);
  }
  return [];
}

import { setTimeout as sleep } from 'node:timers/promises';
import { setDisk } from './full-disk.js';
import type { ControlledScene, Row } from './row.types.js';

const retries = { metric: 'stoa_chat_append_retries_total' };

/** A full disk is refused at once: to ask again would not make room. */
const refusals = { metric: 'stoa_socket_event_seconds_count', labels: 'event="message:send",outcome="failed"' };

export const POSTGRES_ROWS: Row[] = [
  { name: 'Postgres crashed', by: 'deployment', strike: crash, boundMs: 10_000, evidence: retries },
  {
    name: 'Postgres down for 30 s',
    by: 'deployment',
    strike: async ({ deployment }) => {
      deployment.toPostgres.set('refuse');
      await sleep(30_000);
      deployment.toPostgres.set('pass');
    },
    boundMs: 15_000,
    keepsConnections: true,
    evidence: retries,
  },
  {
    // Longer than a query may take: the outcome of what was under way is unknown, and nobody says so.
    name: 'Postgres silent for 7 s',
    by: 'deployment',
    strike: async ({ deployment }) => {
      deployment.toPostgres.set('hole');
      await sleep(7_000);
      deployment.toPostgres.cut();
      deployment.toPostgres.set('pass');
    },
    boundMs: 15_000,
    evidence: retries,
  },
  {
    name: 'Postgres silent for 12 s, then as before',
    by: 'deployment',
    strike: goSilent,
    boundMs: 15_000,
    evidence: retries,
  },
  {
    name: 'Postgres connections cut, again and again',
    by: 'deployment',
    strike: async ({ deployment }) => {
      for (let i = 0; i < 20; i += 1) {
        deployment.toPostgres.cut();
        await sleep(100);
      }
    },
    boundMs: 5_000,
    evidence: retries,
  },
  { name: 'disk full on Postgres', by: 'deployment', strike: fillDisk, boundMs: 15_000, evidence: refusals },
  {
    name: 'take-over while commits are slow',
    by: 'deployment',
    strike: takeOverSlowly,
    boundMs: 5_000,
    // Stored for the older connection, acknowledged to the newer one.
    evidence: { metric: 'stoa_chat_appended_total', labels: 'outcome="duplicate"' },
  },
];

/** Longer than a statement and then its ROLLBACK are waited for (ms), 5 s each. */
const SILENCE = 12_000;

/** Longer than Postgres leaves an idle transaction open (ms): 5 s. */
const QUIET = 6_000;

/** For a newcomer to be received (ms). */
const RECEIVED_WITHIN = 10_000;

/**
 * Kills a backend as the kernel might: the whole server recovers from its log, as after `restart -m immediate`.
 * Nobody gets in for a second: so few bots might not notice a recovery of 100 ms.
 */
async function crash({ deployment }: ControlledScene): Promise<void> {
  const { rows } = await deployment.postgres.query('SELECT pg_backend_pid() AS pid');
  deployment.toPostgres.set('refuse');
  process.kill(rows[0].pid, 'SIGKILL');
  await sleep(1_000);
  deployment.toPostgres.set('pass');
  for (let i = 0; i < 200; i += 1) {
    await sleep(50);
    const isUp = await deployment.postgres.query('SELECT 1').catch(() => undefined);
    if (isUp) return;
  }
}

/**
 * Nothing is cut: what was asked comes to Postgres late, when nobody waits for it, transactions of those who leave too. Then nobody says
 * anything new for a while: what was acknowledged in a transaction that was left open would be gone after it.
 */
async function goSilent({ deployment, bots, random, healed }: ControlledScene): Promise<void> {
  const leavers = bots.filter(() => random.next() < 0.5);
  for (const bot of leavers) bot.leaveSoon();
  // Some are about to leave, some have just done so.
  await sleep(random.between(0, 150));
  deployment.toPostgres.set('hole');
  await sleep(SILENCE);
  deployment.toPostgres.set('pass');
  healed();
  for (const bot of bots) bot.pause();
  await sleep(QUIET);
  for (const bot of bots) bot.resume();
}

async function fillDisk({ deployment: { postgres } }: ControlledScene): Promise<void> {
  await setDisk(postgres, 'full');
  await sleep(3_000);
  await setDisk(postgres, 'free');
}

/**
 * The newcomer waits 750 ms for what the older connection has under way: a commit that takes longer is acknowledged to nobody,
 * and the bot says the same again over the new one.
 */
async function takeOverSlowly({ deployment: { postgres }, bots, random }: ControlledScene): Promise<string[]> {
  await setDisk(postgres, 'slow');
  // Until all that is said waits for a commit.
  await sleep(1_500);
  const records = bots.flatMap((bot) => (random.next() < 0.5 ? (bot.line.takeOver() ?? []) : []));
  const isOver = (): boolean => records.every((r) => r.newerReadyAt < Infinity && r.olderClosedAt !== undefined);
  for (const until = performance.now() + RECEIVED_WITHIN; !isOver() && performance.now() < until;) await sleep(25);
  await setDisk(postgres, 'free');
  const lost = records.filter(({ newerReadyAt }) => newerReadyAt === Infinity);
  return lost.map(({ bot }) => `the newer connection of ${bot} was not received`);
}

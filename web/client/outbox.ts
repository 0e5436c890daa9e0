import { resendDelay, SEND_PATIENCE_MS } from './backoff.js';
import type { Random } from './backoff.js';
import type { FailureCode, StoaError } from './stoa-error.js';

/** A message on its way to the server. Times are those of `steadyNow`. */
export interface OutboxItem {
  readonly conversationId: string;
  /** Idempotency key: the same for every try. */
  readonly clientId: string;
  readonly text: string;
  /** When its patience began: at writing, and again at each retry by hand. */
  readonly since: number;
  /** Tries that failed since then. */
  readonly failures: number;
  /** Not to be sent before. */
  readonly notBefore: number;
  readonly status: 'waiting' | 'sending' | 'failed';
  /** Why it failed last. */
  readonly code?: FailureCode;
}

/** Messages in the order of writing. */
export type Outbox = readonly OutboxItem[];

/** What the sender has to do now. */
export type OutboxStep = { do: 'send'; item: OutboxItem } | { do: 'wait'; ms: number } | { do: 'nothing' };

/** Why a send failed, as far as the outbox cares. */
export type SendFailure = Pick<StoaError, 'code' | 'retryable' | 'retryAfterMs'>;

/** Whoever was away has at least so long (ms) for a try: enough for the way back to the server and an answer. */
const CHANCE_MS = 30_000;

/** A retry cannot help: the conversation is over, or the text is not acceptable. */
const FINAL_CODES: readonly FailureCode[] = [
  'CONVERSATION_ENDED',
  'NOT_FOUND',
  'INPUT_INVALID',
  'MESSAGE_ID_REUSED',
  'FORBIDDEN',
  'SUSPENDED',
];

/** Failures of the connection, not of the message: they pass without anyone's doing. */
const PASSING_CODES: readonly FailureCode[] = ['SUPERSEDED', 'UNAUTHENTICATED'];

const change = (outbox: Outbox, clientId: string, by: (item: OutboxItem) => OutboxItem): Outbox =>
  outbox.map((item) => (item.clientId === clientId ? by(item) : item));

export const add = (outbox: Outbox, message: Pick<OutboxItem, 'conversationId' | 'clientId' | 'text'>, now: number) => [
  ...outbox,
  { ...message, since: now, failures: 0, notBefore: now, status: 'waiting' as const },
];

/** One unacknowledged send at a time, in order; what failed for good does not hold up the rest. */
export const nextStep = (outbox: Outbox, now: number): OutboxStep => {
  const head = outbox.find((item) => item.status !== 'failed');
  if (!head || head.status === 'sending') return { do: 'nothing' };
  return head.notBefore <= now ? { do: 'send', item: head } : { do: 'wait', ms: head.notBefore - now };
};

export const markSending = (outbox: Outbox, clientId: string): Outbox =>
  change(outbox, clientId, (item) => ({ ...item, status: 'sending' }));

/** Takes out what was acknowledged, or found in the history (then only the acknowledgement was lost). */
export const settle = (outbox: Outbox, clientIds: ReadonlySet<string>): Outbox =>
  outbox.some((item) => clientIds.has(item.clientId)) ? outbox.filter((item) => !clientIds.has(item.clientId)) : outbox;

/** After a failed try: wait and send again, or give up when it is hopeless or patience is over. */
export const recordFailure = (
  outbox: Outbox,
  clientId: string,
  failure: SendFailure,
  { now, random }: { now: number; random: Random },
): Outbox =>
  change(outbox, clientId, (item) => {
    const failures = item.failures + 1;
    const notBefore = now + Math.max(failure.retryAfterMs, resendDelay(failures, random));
    const hopeless = !failure.retryable && !PASSING_CODES.includes(failure.code);
    const status = hopeless || now - item.since >= SEND_PATIENCE_MS ? 'failed' : 'waiting';
    return { ...item, failures, notBefore, status, code: failure.code };
  });

/** Gives up on every waiting message whose patience is over. The same outbox when there is none. */
export const expire = (outbox: Outbox, now: number): Outbox => {
  const isOver = (item: OutboxItem) => item.status === 'waiting' && now - item.since >= SEND_PATIENCE_MS;
  if (!outbox.some(isOver)) return outbox;
  return outbox.map((item) =>
    isOver(item) ? { ...item, status: 'failed' as const, code: item.code ?? ('OFFLINE' as const) } : item,
  );
};

/**
 * After a time of which nothing is known (the machine slept, the page was closed, the clock was set meanwhile): the
 * patience of what is not yet sent began neither in the future nor so long ago that no try is left.
 */
export const giveChance = (outbox: Outbox, now: number): Outbox =>
  outbox.map((item) => {
    const since = Math.min(now, Math.max(item.since, now - SEND_PATIENCE_MS + CHANCE_MS));
    return item.status === 'failed' || item.since === since ? item : { ...item, since };
  });

/** ms until the next waiting message runs out of patience; null when none waits. */
export const untilExpiry = (outbox: Outbox, now: number): number | null => {
  const waiting = outbox.filter((item) => item.status === 'waiting');
  if (waiting.length === 0) return null;
  return Math.max(0, Math.min(...waiting.map((item) => item.since + SEND_PATIENCE_MS - now)));
};

export const canRetry = (item: OutboxItem): boolean =>
  item.status === 'failed' && !(item.code !== undefined && FINAL_CODES.includes(item.code));

/** By hand: the same message, the same clientId, new patience. */
export const retry = (outbox: Outbox, clientId: string, now: number): Outbox =>
  change(outbox, clientId, (item) =>
    canRetry(item) ? { ...item, since: now, failures: 0, notBefore: now, status: 'waiting' } : item,
  );

/** By hand: forget a message that failed. */
export const discard = (outbox: Outbox, clientId: string): Outbox =>
  outbox.filter((item) => item.clientId !== clientId || item.status !== 'failed');

/** On a new connection whatever was under way, or was waiting for its turn, may go at once. */
export const wake = (outbox: Outbox, now: number): Outbox =>
  outbox.map((item) => (item.status === 'failed' ? item : { ...item, status: 'waiting', notBefore: now }));

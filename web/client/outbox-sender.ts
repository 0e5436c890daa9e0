import type { Message, SentMessage } from '../../src/contracts/state.dto.js';
import type { Random } from './backoff.js';
import { expire, giveChance, markSending, nextStep, recordFailure, untilExpiry } from './outbox.js';
import type { Outbox, OutboxItem } from './outbox.js';
import { applyMessages } from './reduce.js';
import type { Snapshot } from './snapshot.js';
import { steadyNow } from './steady-clock.js';
import type { Store } from './store.js';
import { asStoaError } from './stoa-error.js';

/** The outbox is looked at so often (ms) while anything is in it; */
const LOOK_MS = 10_000;
/** a look that comes so much (ms) too late means that the machine slept, or the page was frozen. */
const LATE_MS = 5_000;

export interface SenderOptions {
  /** Sends once; throws StoaError. */
  send(item: OutboxItem): Promise<SentMessage>;
  /** A message has its acknowledgement, and so a place, perhaps behind what has not come yet. */
  onSent?(): void;
  random?: Random;
}

/** Works off the outbox while the connection is up: one message at a time, each until it is answered or given up. */
export class OutboxSender {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** When the next look is due. */
  private dueAt = Number.POSITIVE_INFINITY;

  constructor(
    private readonly store: Store<Snapshot>,
    private readonly options: SenderOptions,
  ) {}

  /** Does what can be done now and plans the rest. To be called after every change; calling too often does no harm. */
  pump(): void {
    clearTimeout(this.timer);
    const now = this.wokenNow();
    this.change((outbox) => expire(outbox, now));
    const { outbox, connection } = this.store.getSnapshot();
    const step = connection === 'online' ? nextStep(outbox, now) : { do: 'nothing' as const };
    if (step.do === 'send') void this.send(step.item);
    this.dueAt = Number.POSITIVE_INFINITY;
    if (outbox.every(({ status }) => status === 'failed')) return;
    const wait = Math.min(LOOK_MS, step.do === 'wait' ? step.ms : LOOK_MS, untilExpiry(outbox, now) ?? LOOK_MS);
    this.dueAt = now + wait;
    this.timer = setTimeout(() => this.pump(), wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.dueAt = Number.POSITIVE_INFINITY;
  }

  /** The time. Whatever waited while the machine slept has then been given its chance. */
  private wokenNow(): number {
    const now = steadyNow();
    if (now > this.dueAt + LATE_MS) this.change((outbox) => giveChance(outbox, now));
    return now;
  }

  private async send(item: OutboxItem): Promise<void> {
    this.change((outbox) => markSending(outbox, item.clientId));
    try {
      const sent = await this.options.send(item);
      const message = acknowledged(item, sent);
      this.store.update((snapshot) => applyMessages(snapshot, item.conversationId, [message]));
      this.options.onSent?.();
    } catch (error) {
      const chance = { now: this.wokenNow(), random: this.options.random ?? Math.random };
      this.change((outbox) => recordFailure(outbox, item.clientId, asStoaError(error), chance));
    }
    this.pump();
  }

  private change(by: (outbox: Outbox) => Outbox): void {
    this.store.update((snapshot) => {
      const outbox = by(snapshot.outbox);
      return outbox === snapshot.outbox ? snapshot : { ...snapshot, outbox };
    });
  }
}

const acknowledged = ({ conversationId, clientId, text }: OutboxItem, { seq, sentAt }: SentMessage): Message => ({
  conversationId,
  clientId,
  text,
  seq,
  sentAt,
  from: 'you',
});

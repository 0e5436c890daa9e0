import type { Message, SentMessage } from '../../src/contracts/state.dto.js';
import type { Random } from './backoff.js';
import { expire, markSending, nextStep, recordFailure, untilExpiry } from './outbox.js';
import type { Outbox, OutboxItem } from './outbox.js';
import { applyMessages } from './reduce.js';
import type { Snapshot } from './snapshot.js';
import type { Store } from './store.js';
import { asStoaError } from './stoa-error.js';

export interface SenderOptions {
  /** Sends once; throws StoaError. */
  send(item: OutboxItem): Promise<SentMessage>;
  random?: Random;
}

/** Works off the outbox while the connection is up: one message at a time, each until it is answered or given up. */
export class OutboxSender {
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store<Snapshot>,
    private readonly options: SenderOptions,
  ) {}

  /** Does what can be done now and plans the rest. To be called after every change; calling too often does no harm. */
  pump(): void {
    clearTimeout(this.timer);
    const now = Date.now();
    this.change((outbox) => expire(outbox, now));
    const { outbox, connection } = this.store.getSnapshot();
    const step = connection === 'online' ? nextStep(outbox, now) : { do: 'nothing' as const };
    if (step.do === 'send') void this.send(step.item);
    const waits = [step.do === 'wait' ? step.ms : null, untilExpiry(outbox, now)].filter((ms) => ms !== null);
    if (waits.length > 0) this.timer = setTimeout(() => this.pump(), Math.min(...waits));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private async send(item: OutboxItem): Promise<void> {
    this.change((outbox) => markSending(outbox, item.clientId));
    try {
      const sent = await this.options.send(item);
      const message = acknowledged(item, sent);
      this.store.update((snapshot) => applyMessages(snapshot, item.conversationId, [message]));
    } catch (error) {
      const chance = { now: Date.now(), random: this.options.random ?? Math.random };
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

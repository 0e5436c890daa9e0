import type { ClientEvent, ClientPayload, ClientReplies, ServerEvents } from '../../src/contracts/socket-events.js';
import { applyTyping } from './reduce.js';
import { SeenSignal, TypingSignal } from './signals.js';
import type { Snapshot } from './snapshot.js';
import { asStoaError } from './stoa-error.js';
import type { Store } from './store.js';

/** A partner who was said to be typing, and of whom nothing is heard for so long (ms), is not typing any more. */
const TYPING_SHOWN_MS = 10_000;

/** Sends an event and gives the data of its acknowledgement; throws StoaError. */
export type Request = <E extends ClientEvent>(event: E, payload: ClientPayload<E>) => Promise<ClientReplies[E]>;

/** The small signs of the open conversation, both ways: typing and seen. */
export class ChatSignals {
  private readonly typingSignal = new TypingSignal((typing) => this.tellTyping(typing));
  private readonly seenSignal = new SeenSignal((seq) => this.tellSeen(seq));
  private hideTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store<Snapshot>,
    private readonly request: Request,
  ) {}

  typing(goesOn: boolean): void {
    if (goesOn) this.typingSignal.touch();
    else this.typingSignal.stop();
  }

  markSeen(seq: number): void {
    this.seenSignal.mark(seq);
  }

  /** To be called before the state changes: signs of one conversation never go to the next. */
  turnTo(conversationId: string | undefined): void {
    if (conversationId !== this.openId()) this.stop();
  }

  partnerTyping(typing: ServerEvents['typing:changed']): void {
    clearTimeout(this.hideTimer);
    if (!typing.typing) return;
    const hide = () => this.store.update((snapshot) => applyTyping(snapshot, { ...typing, typing: false }));
    this.hideTimer = setTimeout(hide, TYPING_SHOWN_MS);
  }

  stop(): void {
    clearTimeout(this.hideTimer);
    this.typingSignal.reset();
    this.seenSignal.reset();
  }

  private openId(): string | undefined {
    return this.store.getSnapshot().chat?.conversation.id;
  }

  private tellTyping(typing: boolean): void {
    const conversationId = this.openId();
    if (conversationId !== undefined) this.request('typing:set', { conversationId, typing }).catch(() => undefined);
  }

  /** Rejects when telling again may help. */
  private async tellSeen(seq: number): Promise<void> {
    const conversationId = this.openId();
    if (conversationId === undefined) return;
    await this.request('message:seen', { conversationId, seq }).catch((error: unknown) => {
      if (asStoaError(error).retryable) throw error;
    });
  }
}

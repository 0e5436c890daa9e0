import type { Snapshot } from './snapshot.js';
import type { Store } from './store.js';

/** A silent conversation is warned about this long (ms) before its end. */
export const IDLE_WARNING_MS = 120_000;
const ASK_SPACING_MS = 5_000;

/**
 * The end by silence moves with every sign of life, and no event tells where to. So the server is asked when a warning
 * is due by what is known, and again after a sign of life while the warning stands.
 */
export class IdleWatch {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private askedFor = '';
  private askedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: Store<Snapshot>,
    private readonly ports: { serverNow(): number; refresh(): void },
  ) {}

  /** To be called after every change of the snapshot. */
  check(): void {
    clearTimeout(this.timer);
    const { chat, connection } = this.store.getSnapshot();
    if (!chat || connection !== 'online') return;
    const warnIn = Date.parse(chat.conversation.idleEndsAt) - IDLE_WARNING_MS - this.ports.serverNow();
    const sign = `${chat.conversation.id} ${chat.conversation.idleEndsAt} ${chat.timeline.lastSeq}`;
    if (warnIn <= 0 && sign === this.askedFor) return;
    const wait = Math.max(warnIn, this.askedAt + ASK_SPACING_MS - performance.now(), 0);
    this.timer = setTimeout(() => this.ask(sign), wait);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private ask(sign: string): void {
    this.askedFor = sign;
    this.askedAt = performance.now();
    this.ports.refresh();
  }
}

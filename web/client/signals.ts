const TYPING_SPACING_MS = 1_000;
const TYPING_REFRESH_MS = 3_000;
const TYPING_SILENCE_MS = 4_000;
const SEEN_SPACING_MS = 1_000;

type Timer = ReturnType<typeof setTimeout>;

/** Tells that one is typing: at most once a second, repeated while it goes on, and off by itself after a silence. */
export class TypingSignal {
  private told = false;
  private toldAt = Number.NEGATIVE_INFINITY;
  private offTimer: Timer | undefined;

  constructor(private readonly tell: (typing: boolean) => void) {}

  /** At each keystroke. */
  touch(): void {
    const age = Date.now() - this.toldAt;
    if (this.told ? age >= TYPING_REFRESH_MS : age >= TYPING_SPACING_MS) this.say(true);
    this.offIn(TYPING_SILENCE_MS);
  }

  /** The message is sent, or the field was emptied. */
  stop(): void {
    this.offIn(Math.max(0, this.toldAt + TYPING_SPACING_MS - Date.now()));
  }

  /** Nothing more is told: the conversation is over. */
  reset(): void {
    clearTimeout(this.offTimer);
    this.told = false;
  }

  private offIn(ms: number): void {
    clearTimeout(this.offTimer);
    this.offTimer = setTimeout(() => {
      if (this.told) this.say(false);
    }, ms);
  }

  private say(typing: boolean): void {
    this.told = typing;
    this.toldAt = Date.now();
    this.tell(typing);
  }
}

/** Tells what one has seen: cumulative, at most once a second, and again when the telling failed. */
export class SeenSignal {
  private seen = 0;
  private told = 0;
  private toldAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | undefined;

  constructor(private readonly tell: (seq: number) => Promise<unknown>) {}

  mark(seq: number): void {
    this.seen = Math.max(this.seen, seq);
    this.schedule();
  }

  /** Another conversation begins: nothing of it is seen yet. */
  reset(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.seen = 0;
    this.told = 0;
  }

  private schedule(): void {
    if (this.seen <= this.told || this.timer !== undefined) return;
    this.timer = setTimeout(() => void this.say(), Math.max(0, this.toldAt + SEEN_SPACING_MS - Date.now()));
  }

  private async say(): Promise<void> {
    const seq = this.seen;
    this.toldAt = Date.now();
    const timer = this.timer;
    const done = await this.tell(seq).then(
      () => true,
      () => false,
    );
    if (this.timer !== timer) return;
    this.timer = undefined;
    if (done) this.told = Math.max(this.told, seq);
    this.schedule();
  }
}

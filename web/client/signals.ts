const TYPING_SPACING_MS = 1_000;
const TYPING_REFRESH_MS = 3_000;
const TYPING_SILENCE_MS = 4_000;
const SEEN_SPACING_MS = 1_000;

type Timer = ReturnType<typeof setTimeout>;

/**
 * Tells that one is typing: at most once a second, repeated while it goes on, and off by itself after a silence.
 * Whoever goes on typing after sending a message is told of anew, as the message has ended the typing on the other side.
 */
export class TypingSignal {
  private isTyping = false;
  private told = false;
  private mustTell = false;
  private toldAt = Number.NEGATIVE_INFINITY;
  private silence: Timer | undefined;
  private spacing: Timer | undefined;

  constructor(private readonly tell: (typing: boolean) => void) {}

  /** At each keystroke. */
  touch(): void {
    this.isTyping = true;
    this.mustTell ||= !this.told || performance.now() - this.toldAt >= TYPING_REFRESH_MS;
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.stop(), TYPING_SILENCE_MS);
    this.flush();
  }

  /** The message is sent, the field was emptied, or nothing was typed for a while. */
  stop(): void {
    clearTimeout(this.silence);
    this.isTyping = false;
    this.mustTell = this.told;
    this.flush();
  }

  /** Nothing more is told: the conversation is over. */
  reset(): void {
    clearTimeout(this.silence);
    clearTimeout(this.spacing);
    this.spacing = undefined;
    this.isTyping = this.told = this.mustTell = false;
  }

  private flush(): void {
    if (!this.mustTell || this.spacing !== undefined) return;
    const wait = this.toldAt + TYPING_SPACING_MS - performance.now();
    if (wait > 0) {
      this.spacing = setTimeout(() => {
        this.spacing = undefined;
        this.flush();
      }, wait);
      return;
    }
    this.mustTell = false;
    this.told = this.isTyping;
    this.toldAt = performance.now();
    this.tell(this.isTyping);
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
    this.timer = setTimeout(() => void this.say(), Math.max(0, this.toldAt + SEEN_SPACING_MS - performance.now()));
  }

  private async say(): Promise<void> {
    const seq = this.seen;
    this.toldAt = performance.now();
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

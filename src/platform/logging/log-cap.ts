/** Lines of one event that are written in a second; a storm tells nothing after them. */
const MAX_LINES = 200;
/** ms */
const WINDOW = 1_000;

/** Bounds logs by rate, each event by itself: a storm of one neither fills the disk nor hides the others. */
export class LogCap {
  /** Event -> its lines in this second. Events are names in our code: few. */
  private readonly counts = new Map<string, number>();
  private endsAt = 0;
  private timer?: NodeJS.Timeout;

  /** `tell` hears, once a second, of every event of which lines were left out, and of how many. */
  constructor(
    private readonly tell: (name: string, count: number) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  admits(name: string): boolean {
    if (this.now() >= this.endsAt) this.turn();
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    if (count <= MAX_LINES) return true;
    // Told even when no line follows.
    this.timer ??= setTimeout(() => this.turn(), WINDOW).unref();
    return false;
  }

  private turn(): void {
    const counts = [...this.counts];
    this.counts.clear();
    this.endsAt = this.now() + WINDOW;
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const [name, count] of counts) if (count > MAX_LINES) this.tell(name, count - MAX_LINES);
  }
}

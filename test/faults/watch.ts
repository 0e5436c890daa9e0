import type { Silence } from './history.js';
import type { Stage } from './strike.js';

/** What was healed until a moment (ms from the start of the run), by path: `beacon`, `sync`, `resend`, `resume`. */
export interface Healed {
  at: number;
  path: string;
  count: number;
}

/** ms between two looks */
const INTERVAL = 500;

const PATHS = ['beacon', 'sync', 'resend'] as const;

/** Looks all the time: at what is healed, and at searchers who hear nothing while nothing is broken (I7). */
export class Watch {
  readonly healed: Healed[] = [];
  private readonly silences = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  /** Since when nothing is broken; undefined: something is. */
  private soundSince: number | undefined = performance.now();
  private isLooking = false;
  private before: Awaited<ReturnType<NonNullable<Stage['deployment']>['counters']>> | undefined;

  constructor(private readonly stage: Stage) {
    this.timer = setInterval(() => void this.look(), INTERVAL);
  }

  pause(): void {
    this.soundSince = undefined;
  }

  resume(): void {
    this.soundSince = performance.now();
  }

  stop(): Silence[] {
    clearInterval(this.timer);
    return [...this.silences].map(([bot, ms]) => ({ bot, ms }));
  }

  private async look(): Promise<void> {
    this.lookAtSearchers();
    if (this.isLooking) return;
    this.isLooking = true;
    await this.lookAtHealed().catch(() => undefined);
    this.isLooking = false;
  }

  private lookAtSearchers(): void {
    const { soundSince } = this;
    if (soundSince === undefined) return;
    const now = performance.now();
    for (const { name, memory } of this.stage.bots) {
      const ms = memory.isSearching ? now - Math.max(memory.lastToldAt, soundSince) : 0;
      this.silences.set(name, Math.max(ms, this.silences.get(name) ?? 0));
    }
  }

  private async lookAtHealed(): Promise<void> {
    const now = await this.stage.deployment?.counters();
    const { before } = this;
    this.before = now;
    if (!now || !before) return;
    const note = (path: string, metric: string, labels?: string): void => {
      const count = now.movedSince(before, labels ? { metric, labels } : { metric });
      if (count > 0) this.healed.push({ at: performance.now() - this.stage.begun, path, count });
    };
    for (const path of PATHS) note(path, 'stoa_chat_gaps_healed_total', `path="${path}"`);
    note('resume', 'stoa_chat_resumed_total');
  }
}

import type { StartSearch } from '../../src/contracts/socket-requests.dto.js';
import type { State } from '../../src/contracts/state.dto.js';
import type { Random } from './backoff.js';
import type { Request } from './chat-signals.js';
import type { Snapshot } from './snapshot.js';
import { asStoaError } from './stoa-error.js';
import type { Store } from './store.js';

/** A search is told of at least every 5 s: when nothing came for so long (ms), and up to the spread more, something is wrong. */
const SILENCE_MS = 15_000;
const SPREAD_MS = 5_000;

export interface SearchingPorts {
  request: Request;
  takeState(state: State): void;
  /** Asks the server for the state. */
  refresh(): Promise<void>;
  random?: Random;
}

/**
 * One's search. One of which nothing is heard any more is started again: where it lives it keeps its place, where the
 * server lost it it begins anew. The state is not asked for, as it says `idle` also while the search only stands still.
 */
export class Searching {
  /** Those of the search under way, where it was started here; a page that was reloaded knows of none. */
  private wishes: StartSearch = {};
  private isCancelling = false;
  private askedAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly store: Store<Snapshot>,
    private readonly ports: SearchingPorts,
  ) {}

  async start(wishes: StartSearch): Promise<void> {
    const state = await this.ports.request('search:start', wishes);
    this.wishes = wishes;
    this.ports.takeState(state);
  }

  async cancel(): Promise<void> {
    this.isCancelling = true;
    try {
      this.ports.takeState(await this.ports.request('search:cancel', {}));
    } catch (error) {
      if (asStoaError(error).code !== 'NOT_SEARCHING') throw error;
      await this.ports.refresh();
    } finally {
      this.isCancelling = false;
    }
  }

  /** To be called after every change that came from the server. */
  check(): void {
    clearTimeout(this.timer);
    if (this.store.getSnapshot().phase !== 'searching') this.wishes = {};
    if (!this.isOn()) return;
    const now = performance.now();
    const heardAt = Math.max(this.store.getSnapshot().search?.receivedAt ?? now, this.askedAt);
    const patience = SILENCE_MS + SPREAD_MS * (this.ports.random ?? Math.random)();
    this.timer = setTimeout(() => void this.revive(), Math.max(0, heardAt + patience - now));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private isOn(): boolean {
    const { phase, connection } = this.store.getSnapshot();
    return phase === 'searching' && connection === 'online';
  }

  private async revive(): Promise<void> {
    this.askedAt = performance.now();
    if (this.isOn() && !this.isCancelling) {
      await this.start(this.wishes).catch(async (error: unknown) => {
        if (asStoaError(error).code === 'ALREADY_CHATTING') await this.ports.refresh();
      });
    }
    this.check();
  }
}

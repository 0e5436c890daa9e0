import type { Ack, ClientEvent, ClientPayload, ClientReplies } from '../../src/contracts/socket-events.js';
import type { BotAccount, Target } from './bot-account.js';
import { BotSocket } from './bot-socket.js';
import type { TakeOver } from './history.js';
import type { Random } from './random.js';

export interface LineOptions {
  bot: string;
  target: Target;
  random: Random;
  account: BotAccount;
  /** What comes over the newest connection. */
  onEvent: (event: string, payload: unknown) => void;
}

/** The connections of a bot: which is the newest, where it ends, when another process is to be asked, and how each one went. */
export class BotLine {
  readonly takeOvers: TakeOver[] = [];
  /** Connections that ended and were not given up by the bot itself (monotonic ms). */
  readonly closures: number[] = [];
  /** Connections that were received with `session:ready` (monotonic ms). */
  readonly arrivals: number[] = [];
  /** Where the bot is connected. */
  url = '';
  private socket: BotSocket | undefined;
  /** Takes the place of `socket` once it is received. */
  private newer: BotSocket | undefined;
  /** Older connections that stand beside a newer one. */
  private readonly takenOver = new Map<BotSocket, TakeOver>();
  /** Let nobody in when it was asked last: a balancer would send the bot elsewhere. */
  private refusedBy: string | undefined;
  /** When the server that drains wants to be left (monotonic ms). */
  private movesAt = Infinity;

  constructor(private readonly options: LineOptions) {}

  get isReady(): boolean {
    return this.socket?.isReady ?? false;
  }

  /** Connects where there is no connection, and leaves a process that drains. To be called while nothing is under way. */
  keepUp(): void {
    this.socket ??= this.open();
    if (performance.now() > this.movesAt) this.move();
  }

  /** @returns undefined when no answer came in time */
  async ask<E extends ClientEvent>(event: E, payload: ClientPayload<E>): Promise<Ack<ClientReplies[E]> | undefined> {
    return this.socket?.ask(event, payload);
  }

  /** Opens a second connection, as a second tab does; the bot talks over the first until the second is received: the newest wins. */
  takeOver(): TakeOver | undefined {
    const older = this.socket;
    if (!older?.isReady || this.newer) return undefined;
    const record: TakeOver = { bot: this.options.bot, newerReadyAt: Infinity };
    this.takeOvers.push(record);
    this.takenOver.set(older, record);
    this.newer = this.open(() => {
      record.newerReadyAt = performance.now();
      this.socket = this.newer;
      this.newer = undefined;
    });
    return record;
  }

  stopReading(): void {
    this.socket?.stopReading();
  }

  readOn(): void {
    this.socket?.readOn();
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.socket?.cut();
  }

  close(): void {
    this.newer?.close();
    this.socket?.close();
  }

  private open(onReady?: () => void): BotSocket {
    const { target, account, onEvent } = this.options;
    const url = this.pickUrl();
    const socket: BotSocket = new BotSocket({
      url,
      origin: target.origin,
      cookie: account.cookie,
      csrfToken: account.csrfToken,
      onEvent: (event, payload) => {
        if (event === 'session:ready') onReady?.();
        if (this.socket !== socket) return;
        if (event === 'session:ready') this.arrive(url);
        if (event === 'server:draining')
          this.movesAt = performance.now() + (payload as { reconnectInMs: number }).reconnectInMs;
        onEvent(event, payload);
      },
      onClose: (reason) => this.noteClose(socket, url, reason),
    });
    return socket;
  }

  private noteClose(socket: BotSocket, url: string, reason: string): void {
    const record = this.takenOver.get(socket);
    if (record) record.olderClosedAt = performance.now();
    if (reason === 'connect_error') this.refusedBy = url;
    if (socket === this.newer) this.newer = undefined;
    else if (socket === this.socket && !record && reason !== 'connect_error') this.closures.push(performance.now());
    // Whoever is superseded does not come back by itself: it has a newer connection, or had.
    const gone = this.socket;
    if (this.newer || !gone?.isClosed) return;
    setTimeout(() => this.forget(gone), this.options.random.between(100, 800));
  }

  private pickUrl(): string {
    const { target, random } = this.options;
    const avoided = this.movesAt === Infinity ? this.refusedBy : this.url;
    const elsewhere = target.urls.filter((url) => url !== avoided);
    return random.pick(elsewhere.length > 0 ? elsewhere : target.urls);
  }

  private arrive(url: string): void {
    this.url = url;
    this.refusedBy = undefined;
    this.movesAt = Infinity;
    this.arrivals.push(performance.now());
  }

  private move(): void {
    const { socket } = this;
    if (!socket?.isReady || this.newer) return;
    this.socket = undefined;
    socket.close();
    this.closures.push(performance.now());
    this.socket = this.open();
  }

  private forget(socket: BotSocket): void {
    socket.close();
    if (this.socket === socket) this.socket = undefined;
  }
}

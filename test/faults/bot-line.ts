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
    if (!this.socket) this.connect();
    if (performance.now() > this.movesAt) this.move();
  }

  /** @returns undefined when no answer came in time */
  async ask<E extends ClientEvent>(event: E, payload: ClientPayload<E>): Promise<Ack<ClientReplies[E]> | undefined> {
    return this.socket?.ask(event, payload);
  }

  /** Opens a second connection while the first stands: the newest wins. */
  takeOver(): TakeOver | undefined {
    const older = this.socket;
    if (!older?.isReady) return undefined;
    const record: TakeOver = { bot: this.options.bot, newerReadyAt: Infinity };
    this.takeOvers.push(record);
    this.takenOver.set(older, record);
    this.connect(() => (record.newerReadyAt = performance.now()));
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
    this.socket?.close();
  }

  private connect(onReady?: () => void): void {
    const { target, account, random, onEvent } = this.options;
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
      onClose: (reason) => {
        const record = this.takenOver.get(socket);
        if (record) record.olderClosedAt = performance.now();
        if (this.socket !== socket) return;
        if (reason === 'connect_error') this.refusedBy = url;
        else this.closures.push(performance.now());
        setTimeout(() => this.forget(socket), random.between(100, 800));
      },
    });
    this.socket = socket;
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
    if (!socket?.isReady) return;
    this.socket = undefined;
    socket.close();
    this.closures.push(performance.now());
    this.connect();
  }

  private forget(socket: BotSocket): void {
    socket.close();
    if (this.socket === socket) this.socket = undefined;
  }
}

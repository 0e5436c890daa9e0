import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Conversation, Message, State } from '../../src/contracts/state.dto.js';
import { BotAccount } from './bot-account.js';
import type { Target } from './bot-account.js';
import { BotSocket } from './bot-socket.js';
import { conversationKey } from './history.js';
import type { Send, TakeOver, View } from './history.js';
import type { Random } from './random.js';

/** Bots are strangers to each other by these names: nicknames are all that a partner may see. */
export interface BotOptions {
  name: string;
  target: Target;
  random: Random;
  /** Acknowledged messages after which a bot leaves, about. */
  talkLength: number;
  /** Longest pause between two messages (ms). */
  thinkMs: number;
}

/** A person who talks, follows the client rules of the contract, and notes everything. */
export class Bot {
  readonly sends: Send[] = [];
  readonly views = new Map<string, View>();
  readonly takeOvers: TakeOver[] = [];
  /** Connections that ended and were not given up by the bot itself (monotonic ms). */
  readonly closures: number[] = [];
  /** Connections that were received with `session:ready` (monotonic ms). */
  readonly arrivals: number[] = [];
  /** Attempts to send that were answered with an error, whatever became of the message (monotonic ms). */
  readonly refusals: { at: number; code: string }[] = [];
  /** When an answer last came (monotonic ms). */
  lastAnswerAt = 0;
  /** When the bot last heard anything of its search: a match or a status (monotonic ms). */
  lastToldAt = 0;
  private readonly account: BotAccount;
  private socket: BotSocket | undefined;
  private state: State['state'] = 'idle';
  private view: View | undefined;
  /** When the newest conversation was first heard of (monotonic ms). */
  enteredAt = -Infinity;
  private pending: Send | undefined;
  private pendingHandle = '';
  private pendingText = '';
  /** Older connections that stand beside a newer one. */
  private readonly takenOver = new Map<BotSocket, TakeOver>();
  /** Where the bot is connected. */
  url = '';
  /** Let nobody in when it was asked last: a balancer would send the bot elsewhere. */
  private refusedBy: string | undefined;
  /** When the server that drains wants to be left (monotonic ms). */
  private movesAt = Infinity;
  /** Says long texts, without a pause. */
  private isShouting = false;
  private mustLeave = false;
  private hasGap = false;
  private isPaused = false;
  private isStopped = false;
  private count = 0;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: BotOptions) {
    this.account = new BotAccount(options.target, () => options.random.pick(options.target.urls));
  }

  get name(): string {
    return this.options.name;
  }

  get userId(): string {
    return this.account.userId;
  }

  get isConnected(): boolean {
    return this.socket?.isReady ?? false;
  }

  get isSearching(): boolean {
    return this.state === 'searching';
  }

  /** The conversation that the bot believes to be in. */
  get current(): View | undefined {
    return this.state === 'chatting' ? this.view : undefined;
  }

  async start(): Promise<void> {
    await this.account.signIn(this.name, ['faults']);
    this.running = this.live();
  }

  /** Says nothing new; what is under way is carried on. */
  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** Says one long text after the other, and stays, until told to stop. */
  shout(isShouting: boolean): void {
    this.isShouting = isShouting;
  }

  /** Leaves the conversation at the next opportunity. */
  leaveSoon(): void {
    this.mustLeave = true;
  }

  /** Asks `times` for all that was said, and reads nothing that comes, until it does again; the server is not told. */
  askAndNotRead(times: number): void {
    const { socket, view } = this;
    if (!socket || !view) return;
    socket.stopReading();
    for (let n = 0; n < times; n += 1)
      void socket.ask('conversation:sync', { conversationId: view.handle, after: 0, limit: PAGE });
  }

  readOn(): void {
    this.socket?.readOn();
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.socket?.cut();
  }

  /** Opens a second connection while the first stands: the newest wins. */
  takeOver(): TakeOver | undefined {
    const older = this.socket;
    if (!older?.isReady) return undefined;
    const record: TakeOver = { bot: this.name, newerReadyAt: Infinity };
    this.takeOvers.push(record);
    this.takenOver.set(older, record);
    this.connect(() => (record.newerReadyAt = performance.now()));
    return record;
  }

  /** Ends the talk; a message under way is waited for as long as `patienceMs`. */
  async stop(patienceMs: number): Promise<void> {
    this.isPaused = true;
    const deadline = performance.now() + patienceMs;
    while (this.pending && performance.now() < deadline) await sleep(50);
    this.isStopped = true;
    await this.running;
    this.socket?.close();
  }

  async readEverything(): Promise<void> {
    for (const view of this.views.values()) {
      const final = await this.account.readAll(view.handle);
      if (final) view.final = final.map((seen) => ({ ...seen, text: brief(seen.text) }));
    }
  }

  private async live(): Promise<void> {
    while (!this.isStopped) {
      if (!this.socket) this.connect();
      if (performance.now() > this.movesAt) this.move();
      if (!this.isConnected) await sleep(20);
      else if (this.hasGap) await this.fillGap();
      else if (this.pending) await this.attempt(this.pending);
      // Silent, and not asking either: what is missing now must be pushed.
      else if (this.isPaused) await sleep(100);
      else if (this.state === 'idle') await this.search();
      else if (this.state === 'searching') await this.look(1_000);
      else await this.talk();
    }
  }

  private connect(onReady?: () => void): void {
    const { random, target } = this.options;
    const { cookie, csrfToken } = this.account;
    const avoided = this.movesAt === Infinity ? this.refusedBy : this.url;
    const elsewhere = target.urls.filter((url) => url !== avoided);
    const url = random.pick(elsewhere.length > 0 ? elsewhere : target.urls);
    const socket: BotSocket = new BotSocket({
      url,
      origin: target.origin,
      cookie,
      csrfToken,
      onEvent: (event, payload) => {
        if (event === 'session:ready') onReady?.();
        if (this.socket !== socket) return;
        if (event === 'session:ready') this.arrive(url);
        this.hear(event, payload);
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

  private arrive(url: string): void {
    this.url = url;
    this.refusedBy = undefined;
    this.movesAt = Infinity;
    this.arrivals.push(performance.now());
  }

  /** Nothing of this bot is under way: it goes to another process. */
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

  private hear(event: string, payload: unknown): void {
    if (event === 'session:ready') this.adopt(payload as State);
    else if (event === 'conversation:started') this.enter(payload as Conversation);
    else if (event === 'message:new') this.noteNew(payload as Message);
    else if (event === 'conversation:ended') this.noteEnd((payload as { conversationId: string }).conversationId);
    else if (event === 'server:draining')
      this.movesAt = performance.now() + (payload as { reconnectInMs: number }).reconnectInMs;
    if (event === 'search:status' || event === 'conversation:started') this.lastToldAt = performance.now();
  }

  private adopt({ state, conversation, messages = [] }: State): void {
    this.state = state;
    this.lastToldAt = performance.now();
    if (conversation) this.enter(conversation);
    else this.view = undefined;
    for (const message of messages) this.noteLive(message);
  }

  private enter({ id, startedAt, partner }: Conversation): void {
    this.state = 'chatting';
    const conversation = conversationKey(this.name, partner.nickname, startedAt);
    if (!this.views.has(id)) this.enteredAt = performance.now();
    this.view = this.views.get(id) ?? { bot: this.name, partner: partner.nickname, conversation, handle: id, live: [] };
    this.views.set(id, this.view);
  }

  private noteEnd(handle: string): void {
    if (this.view?.handle !== handle) return;
    this.view = undefined;
    this.state = 'idle';
  }

  private noteNew(message: Message): void {
    this.noteLive(message);
    const view = this.views.get(message.conversationId);
    if (view && message.seq > topOf(view) + 1) this.hasGap = true;
  }

  private noteLive({ conversationId, seq, from, text }: Message): void {
    this.views.get(conversationId)?.live.push({ seq, from, text: brief(text) });
  }

  private async fillGap(): Promise<void> {
    const { view } = this;
    if (view) {
      const answer = await this.socket?.ask('conversation:sync', { conversationId: view.handle, after: topOf(view) });
      if (!answer || (!answer.ok && answer.error.retryable)) return sleep(200);
      if (answer.ok) for (const message of answer.data.messages) this.noteLive(message);
    }
    this.hasGap = false;
  }

  private async search(): Promise<void> {
    // Conversations of the same two are told apart by the second in which they began.
    await sleep(Math.max(0, this.enteredAt + 1_000 - performance.now()));
    const answer = await this.socket?.ask('search:start', {});
    if (answer?.ok) return this.answered(() => this.adopt(answer.data));
    if (answer?.error.code === 'ALREADY_CHATTING') return this.look(0);
    await sleep(200);
  }

  /** Asks what is true, after a moment. */
  private async look(afterMs: number): Promise<void> {
    await sleep(afterMs);
    const told = this.lastToldAt;
    const answer = await this.socket?.ask('session:state', {});
    if (!answer?.ok) return;
    this.answered(() => this.adopt(answer.data));
    // Having asked is not having been told.
    if (this.state === 'searching') this.lastToldAt = told;
  }

  private async talk(): Promise<void> {
    const { view } = this;
    if (!view) return this.look(0);
    const { random, talkLength, thinkMs } = this.options;
    if (!this.isShouting) await sleep(random.between(0, thinkMs));
    if (this.view !== view || this.isPaused) return;
    if (this.mustLeave || (!this.isShouting && random.next() < 1 / talkLength)) return this.leave(view);
    this.count += 1;
    const text = `${this.name} ${this.count}${this.isShouting ? ` ${LONG}` : ''}`;
    const { conversation } = view;
    this.pending = {
      bot: this.name,
      conversation,
      clientId: randomUUID(),
      text: brief(text),
      invokedAt: performance.now(),
      attempts: 0,
      outcome: 'info',
    };
    this.sends.push(this.pending);
    this.pendingHandle = view.handle;
    this.pendingText = text;
  }

  /** One attempt; the same `clientId` until it is answered. */
  private async attempt(send: Send): Promise<void> {
    send.attempts += 1;
    const { clientId, text } = send;
    const payload = { conversationId: this.pendingHandle, clientId, text: this.pendingText };
    const answer = await this.socket?.ask('message:send', payload);
    if (answer && !answer.ok) this.refusals.push({ at: performance.now(), code: answer.error.code });
    if (!answer || (!answer.ok && answer.error.retryable)) return sleep(Math.min(5_000, 200 * send.attempts));
    send.answeredAt = performance.now();
    this.pending = undefined;
    this.answered();
    if (answer.ok) {
      Object.assign(send, { outcome: 'ok', seq: answer.data.seq });
      this.views.get(this.pendingHandle)?.live.push({ seq: answer.data.seq, from: 'you', text });
    } else if (['CONVERSATION_ENDED', 'NOT_FOUND', 'MESSAGE_ID_REUSED', 'INPUT_INVALID'].includes(answer.error.code)) {
      Object.assign(send, { outcome: 'fail', code: answer.error.code });
      await this.look(0);
    } else send.code = answer.error.code;
    if (this.isPaused || this.options.random.next() < 0.8) return;
    await this.signal(this.pendingHandle);
  }

  /** The small signs of life that people give. */
  private async signal(conversationId: string): Promise<void> {
    const seq = this.views.get(conversationId)?.live.at(-1)?.seq;
    await this.socket?.ask('typing:set', { conversationId, typing: true });
    if (seq) await this.socket?.ask('message:seen', { conversationId, seq });
  }

  private async leave(view: View): Promise<void> {
    this.mustLeave = false;
    const answer = await this.socket?.ask('conversation:leave', { conversationId: view.handle, next: true });
    if (answer?.ok) this.answered(() => this.adopt(answer.data));
    else await this.look(100);
  }

  private answered(then?: () => void): void {
    this.lastAnswerAt = performance.now();
    then?.();
  }
}

/** Makes a text as long as texts may be (bytes). */
const LONG = '\u{1F30D}'.repeat(1_900);

/** Messages of an answer. */
const PAGE = 100;

/** Texts are told apart by their beginnings: a history of long ones need not hold them. */
export const brief = (text: string): string => (text.length > 60 ? `${text.slice(0, 30)}… ${text.length}` : text);

/** Everything up to this seq has come. */
export function topOf({ live }: View): number {
  const known = new Set(live.map(({ seq }) => seq));
  let top = 0;
  while (known.has(top + 1)) top += 1;
  return top;
}

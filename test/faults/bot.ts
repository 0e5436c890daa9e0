import { setTimeout as sleep } from 'node:timers/promises';
import { BotAccount } from './bot-account.js';
import type { Target } from './bot-account.js';
import { BotLine } from './bot-line.js';
import { BotMemory, brief, topOf } from './bot-memory.js';
import { BotOutbox } from './bot-outbox.js';
import type { View } from './history.js';
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
  readonly line: BotLine;
  readonly memory: BotMemory;
  readonly outbox: BotOutbox;
  /** When an answer last came (monotonic ms). */
  lastAnswerAt = 0;
  private readonly account: BotAccount;
  /** Says long texts, without a pause. */
  private isShouting = false;
  private mustLeave = false;
  private isPaused = false;
  private isStopped = false;
  /** Of how many arrivals it has asked what is true. */
  private arrivalsSeen = 0;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly options: BotOptions) {
    const { name, target, random } = options;
    this.account = new BotAccount(target, () => random.pick(target.urls));
    this.memory = new BotMemory(name);
    this.outbox = new BotOutbox(name);
    const onEvent = (event: string, payload: unknown): void => this.memory.hear(event, payload);
    this.line = new BotLine({ bot: name, target, random, account: this.account, onEvent });
  }

  get name(): string {
    return this.options.name;
  }

  get userId(): string {
    return this.account.userId;
  }

  /** The conversation that the bot believes to be in. */
  get current(): View | undefined {
    return this.memory.current;
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

  /** Leaves the conversation, or is about to: where it is may be over by now, even if nothing was heard of that yet. */
  get isLeaving(): boolean {
    return this.mustLeave;
  }

  /** Leaves the conversation at the next opportunity. */
  leaveSoon(): void {
    this.mustLeave = true;
  }

  /** Asks `times` for what was said last, and reads nothing that comes, until it does again; the server is not told. */
  askAndNotRead(times: number): void {
    const { current } = this;
    if (!current) return;
    this.line.stopReading();
    const request = { conversationId: current.handle, after: Math.max(0, topOf(current) - PAGE), limit: PAGE };
    for (let n = 0; n < times; n += 1) void this.line.ask('conversation:sync', request);
  }

  /** Says nothing new; a message under way is waited for as long as `patienceMs`. */
  async fallSilent(patienceMs: number): Promise<void> {
    this.isPaused = true;
    const deadline = performance.now() + patienceMs;
    while (this.outbox.isBusy && performance.now() < deadline) await sleep(50);
  }

  async stop(): Promise<void> {
    const { current } = this;
    if (current && this.line.isReady) current.isOpen = true;
    this.isStopped = true;
    await this.running;
    this.line.close();
  }

  async readEverything(): Promise<void> {
    for (const view of this.memory.views.values()) {
      const final = await this.account.readAll(view.handle);
      if (final) view.final = final.map((seen) => ({ ...seen, text: brief(seen.text) }));
    }
  }

  private async live(): Promise<void> {
    const { line, memory, outbox } = this;
    while (!this.isStopped) {
      line.keepUp();
      if (!line.isReady) await sleep(20);
      else if (memory.hasGap) await this.fillGap();
      else if (outbox.isBusy) await this.attempt();
      // Silent, and not asking either: what is missing now must be pushed.
      else if (this.isPaused) await sleep(100);
      else if (line.arrivals.length > this.arrivalsSeen) await this.lookAround();
      else if (memory.state === 'idle') await this.search();
      else if (memory.isSearching) await this.look(1_000);
      else await this.talk();
    }
  }

  private async fillGap(): Promise<void> {
    const { current, memory } = this;
    memory.hasGap = false;
    if (!current) return;
    const answer = await this.line.ask('conversation:sync', { conversationId: current.handle, after: topOf(current) });
    if (answer?.ok) for (const message of answer.data.messages) memory.note(message);
    const isDone = answer?.ok ? answer.data.complete : answer && !answer.error.retryable;
    if (isDone) return;
    memory.hasGap = true;
    if (!answer?.ok) await sleep(200);
  }

  private async search(): Promise<void> {
    // Conversations of the same two are told apart by the second in which they began.
    await sleep(Math.max(0, this.memory.enteredAt + 1_000 - performance.now()));
    const answer = await this.line.ask('search:start', {});
    if (answer?.ok) return this.answered(() => this.memory.adopt(answer.data));
    if (answer?.error.code === 'ALREADY_CHATTING') return this.look(0);
    await sleep(200);
  }

  /** At once after an arrival: how soon a bot is back must not count how long it thinks before it says anything. */
  private async lookAround(): Promise<void> {
    this.arrivalsSeen = this.line.arrivals.length;
    await this.look(0);
  }

  /** Asks what is true, after a moment. */
  private async look(afterMs: number): Promise<void> {
    await sleep(afterMs);
    const answer = await this.line.ask('session:state', {});
    if (answer?.ok) this.answered(() => this.memory.adoptAnswer(answer.data));
  }

  private async talk(): Promise<void> {
    const { current } = this;
    if (!current) return this.look(0);
    const { random, talkLength, thinkMs } = this.options;
    if (!this.isShouting) await sleep(random.between(0, thinkMs));
    if (this.current !== current || this.isPaused) return;
    if (this.mustLeave || (!this.isShouting && random.next() < 1 / talkLength)) return this.leave(current);
    this.outbox.say(current, this.isShouting ? ` ${LONG}` : '');
  }

  private async attempt(): Promise<void> {
    const answered = await this.outbox.attempt(this.line);
    if (!answered) return;
    this.answered();
    const { send, handle } = answered;
    if (send.seq !== undefined) this.memory.noteSeen(handle, { seq: send.seq, from: 'you', text: send.text });
    if (send.outcome === 'fail') await this.look(0);
    if (this.isPaused || this.options.random.next() < 0.8) return;
    await this.signal(handle);
  }

  /** The small signs of life that people give. */
  private async signal(conversationId: string): Promise<void> {
    const seq = this.memory.views.get(conversationId)?.live.at(-1)?.seq;
    await this.line.ask('typing:set', { conversationId, typing: true });
    if (seq) await this.line.ask('message:seen', { conversationId, seq });
  }

  private async leave({ handle }: View): Promise<void> {
    this.mustLeave = true;
    const answer = await this.line.ask('conversation:leave', { conversationId: handle, next: true });
    if (answer?.ok) this.answered(() => this.memory.adopt(answer.data));
    else await this.look(100);
    this.mustLeave = false;
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

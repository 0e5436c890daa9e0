import type { Conversation, Message, State } from '../../src/contracts/state.dto.js';
import { conversationKey } from './history.js';
import type { Seen, View } from './history.js';

/** What a bot was told, by whatever way: what it is doing, and every conversation. */
export class BotMemory {
  readonly views = new Map<string, View>();
  state: State['state'] = 'idle';
  /** When the newest conversation was first heard of (monotonic ms). */
  enteredAt = -Infinity;
  /** When the bot last heard anything of its search: a match or a status (monotonic ms). */
  lastToldAt = 0;
  /** Something of the current conversation is missing: it must be asked for. */
  hasGap = false;
  private view: View | undefined;

  constructor(private readonly bot: string) {}

  get isSearching(): boolean {
    return this.state === 'searching';
  }

  /** The conversation that the bot believes to be in. */
  get current(): View | undefined {
    return this.state === 'chatting' ? this.view : undefined;
  }

  hear(event: string, payload: unknown): void {
    if (event === 'session:ready') this.adopt(payload as State);
    else if (event === 'conversation:started') this.enter(payload as Conversation);
    else if (event === 'message:new') this.noteNew(payload as Message);
    else if (event === 'conversation:ended') this.noteEnd((payload as { conversationId: string }).conversationId);
    if (event === 'search:status' || event === 'conversation:started') this.lastToldAt = performance.now();
  }

  adopt({ state, conversation, messages = [], lastSeq = 0 }: State): void {
    this.state = state;
    this.lastToldAt = performance.now();
    if (conversation) this.enter(conversation);
    else this.view = undefined;
    for (const message of messages) this.note(message);
    // A state carries the newest messages only.
    if (this.view && topOf(this.view) < lastSeq) this.hasGap = true;
  }

  /** The same, when the bot has asked: that is not having been told of a search that goes on. */
  adoptAnswer(state: State): void {
    const told = this.lastToldAt;
    this.adopt(state);
    if (this.isSearching) this.lastToldAt = told;
  }

  note({ conversationId, ...seen }: Message): void {
    this.noteSeen(conversationId, seen);
  }

  noteSeen(handle: string, { seq, from, text }: Seen): void {
    this.views.get(handle)?.live.push({ seq, from, text: brief(text) });
  }

  private enter({ id, startedAt, partner }: Conversation): void {
    this.state = 'chatting';
    const conversation = conversationKey(this.bot, partner.nickname, startedAt);
    if (!this.views.has(id)) this.enteredAt = performance.now();
    this.view = this.views.get(id) ?? { bot: this.bot, partner: partner.nickname, conversation, handle: id, live: [] };
    this.views.set(id, this.view);
  }

  private noteEnd(handle: string): void {
    if (this.view?.handle !== handle) return;
    this.view = undefined;
    this.state = 'idle';
  }

  private noteNew(message: Message): void {
    this.note(message);
    const view = this.views.get(message.conversationId);
    if (view && message.seq > topOf(view) + 1) this.hasGap = true;
  }
}

/** Texts are told apart by their beginnings: a history of long ones need not hold them. */
export const brief = (text: string): string => (text.length > 60 ? `${text.slice(0, 30)}… ${text.length}` : text);

/** Everything up to this seq has come. */
export function topOf({ live }: View): number {
  const known = new Set(live.map(({ seq }) => seq));
  let top = 0;
  while (known.has(top + 1)) top += 1;
  return top;
}

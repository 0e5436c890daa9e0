import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BotLine } from './bot-line.js';
import { brief } from './bot-memory.js';
import type { Send, View } from './history.js';

/** An attempt to send that was answered with an error, whatever became of the message (monotonic ms). */
export interface Refusal {
  at: number;
  code: string;
}

/** Errors after which a message is certainly not stored. */
const FINAL = ['CONVERSATION_ENDED', 'NOT_FOUND', 'MESSAGE_ID_REUSED', 'INPUT_INVALID'];

/** What a bot says: one message at a time, with the same `clientId` until it is answered. */
export class BotOutbox {
  readonly sends: Send[] = [];
  readonly refusals: Refusal[] = [];
  private pending: { send: Send; handle: string; text: string } | undefined;

  constructor(private readonly bot: string) {}

  get isBusy(): boolean {
    return this.pending !== undefined;
  }

  /** `more` follows the number that makes each text a text of its own. */
  say({ conversation, handle }: View, more = ''): void {
    const text = `${this.bot} ${this.sends.length + 1}${more}`;
    const send: Send = {
      bot: this.bot,
      conversation,
      clientId: randomUUID(),
      text: brief(text),
      invokedAt: performance.now(),
      attempts: 0,
      outcome: 'info',
    };
    this.sends.push(send);
    this.pending = { send, handle, text };
  }

  /** One attempt, and a pause where it must be repeated. @returns the message once it is answered for good, and its conversation */
  async attempt(line: BotLine): Promise<{ send: Send; handle: string } | undefined> {
    if (!this.pending) return undefined;
    const { send, handle, text } = this.pending;
    send.attempts += 1;
    const answer = await line.ask('message:send', { conversationId: handle, clientId: send.clientId, text });
    if (answer && !answer.ok) this.refusals.push({ at: performance.now(), code: answer.error.code });
    // A newer connection of the bot's own is being received: it says it again over that one.
    const isSuperseded = answer && !answer.ok && answer.error.code === 'SUPERSEDED';
    if (!answer || isSuperseded || (!answer.ok && answer.error.retryable)) {
      await sleep(Math.min(5_000, 200 * send.attempts));
      return undefined;
    }
    this.pending = undefined;
    send.answeredAt = performance.now();
    if (answer.ok) Object.assign(send, { outcome: 'ok', seq: answer.data.seq });
    else Object.assign(send, { code: answer.error.code, outcome: FINAL.includes(answer.error.code) ? 'fail' : 'info' });
    return { send, handle };
  }
}

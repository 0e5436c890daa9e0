/** One client of a pair, and what it needs to get in. */
export interface Seat {
  url: string;
  auth: Record<string, string>;
  headers: Record<string, string>;
  conversationId: string;
}

export type Pair = [Seat, Seat];

/** A connected client, whatever its server speaks. */
export interface Talker {
  /** Resolves with the acknowledgement: whether the message was taken. Messages of one talker follow each other. */
  send: (text: string) => Promise<boolean>;
  close: () => void;
}

/** Connects one; `onMessage` is called for each message of the partner. */
export type Connect = (seat: Seat, onMessage: () => void) => Promise<Talker>;

/** Acknowledgements that are waited for, by the number of the message. */
export class Awaited {
  private last = 0;
  private readonly waiting = new Map<number, (taken: boolean) => void>();

  /** Numbers from 1, at most 65,535: as MQTT's packet identifiers. */
  next(): { id: number; answer: Promise<boolean> } {
    const id = (this.last = (this.last % 0xff_ff) + 1);
    return { id, answer: new Promise((resolve) => this.waiting.set(id, resolve)) };
  }

  settle(id: number, taken: boolean): void {
    const resolve = this.waiting.get(id);
    this.waiting.delete(id);
    resolve?.(taken);
  }

  /** The connection is gone: nothing will be answered any more. */
  fail(): void {
    for (const resolve of this.waiting.values()) resolve(false);
    this.waiting.clear();
  }
}

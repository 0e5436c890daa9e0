import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';

/** One client of a pair, and what it needs to get in. */
export interface Seat {
  url: string;
  auth: Record<string, string>;
  headers: Record<string, string>;
  conversationId: string;
}

export type Pair = [Seat, Seat];

/** A text of the usual length (characters). */
const TEXT = 'x'.repeat(80);

/** How often it is looked whether all has arrived, and the ms between two looks: longer than the beacon's interval. */
const [HEAL_STEPS, HEAL_STEP] = [80, 100];

export interface LoadResult {
  messages: number;
  seconds: number;
  /** Of each acknowledgement (ms), ascending. */
  latencies: number[];
  /** Messages that reached the partner. */
  delivered: number;
  failed: number;
}

/** Pairs of connected clients that can be made to talk. */
export class Crowd {
  private delivered = 0;

  private constructor(private readonly members: { socket: Socket; seat: Seat }[]) {}

  static async connect(pairs: Pair[]): Promise<Crowd> {
    const members: { socket: Socket; seat: Seat }[] = [];
    const seats = pairs.flat();
    for (let i = 0; i < seats.length; i += 20) {
      const opened = seats.slice(i, i + 20).map(async (seat) => ({ socket: await open(seat), seat }));
      members.push(...(await Promise.all(opened)));
    }
    const crowd = new Crowd(members);
    for (const { socket } of members) socket.on('message:new', () => (crowd.delivered += 1));
    return crowd;
  }

  /** Each first member of a pair sends its next message when the last was acknowledged: as fast as the server can. */
  saturate(seconds: number): Promise<LoadResult> {
    return this.measure(seconds, async (until, send) => {
      const talkers = this.members.filter((_, i) => i % 2 === 0);
      await Promise.all(
        talkers.map(async (member) => {
          while (performance.now() < until) await send(member);
        }),
      );
    });
  }

  /** A fixed rate over all pairs, whatever the server does; at most one message of a client under way. */
  pace(seconds: number, perSecond: number): Promise<LoadResult> {
    return this.measure(seconds, async (until, send) => {
      const free = [...this.members];
      const under: Promise<void>[] = [];
      const begun = performance.now();
      for (let sent = 0; performance.now() < until;) {
        const due = ((performance.now() - begun) / 1_000) * perSecond;
        for (; sent < due; sent += 1) {
          const member = free.shift();
          if (!member) break;
          under.push(send(member).finally(() => free.push(member)));
        }
        await sleep(1);
      }
      await Promise.all(under);
    });
  }

  close(): void {
    for (const { socket } of this.members) socket.disconnect();
  }

  private async measure(
    seconds: number,
    run: (until: number, send: (member: { socket: Socket; seat: Seat }) => Promise<void>) => Promise<void>,
  ): Promise<LoadResult> {
    const latencies: number[] = [];
    let failed = 0;
    const before = this.delivered;
    const begun = performance.now();
    await run(begun + seconds * 1_000, async ({ socket, seat }) => {
      const at = performance.now();
      const payload = { conversationId: seat.conversationId, clientId: randomUUID(), text: TEXT };
      const answer = (await socket.timeout(10_000).emitWithAck('message:send', payload)) as { ok: boolean };
      if (!answer.ok) failed += 1;
      latencies.push(performance.now() - at);
    });
    const elapsed = (performance.now() - begun) / 1_000;
    await sleep(200);
    // A hint that a starved process lost is healed by the beacon.
    for (let i = 0; i < HEAL_STEPS && this.delivered - before < latencies.length; i += 1) await sleep(HEAL_STEP);
    return {
      messages: latencies.length,
      seconds: elapsed,
      latencies: latencies.toSorted((a, b) => a - b),
      delivered: this.delivered - before,
      failed,
    };
  }
}

export function open({ url, auth, headers }: Seat): Promise<Socket> {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    auth,
    extraHeaders: headers,
  });
  return new Promise((resolve, reject) => {
    socket.once('connect_error', reject);
    // Ours says when it is ready; the others are when they are connected.
    socket.once('connect', () =>
      headers['cookie'] ? socket.once('session:ready', () => resolve(socket)) : resolve(socket),
    );
  });
}

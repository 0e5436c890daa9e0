import { setTimeout as sleep } from 'node:timers/promises';
import type { Connect, Seat, Talker } from './talker.js';

/** A text of the usual length (characters). */
const TEXT = 'x'.repeat(80);

/** How often it is looked whether all has arrived, and the ms between two looks: longer than the beacon's interval. */
const [HEAL_STEPS, HEAL_STEP] = [80, 100];

/** ms that acknowledgements may take beyond the end of a load */
const ANSWER_TIMEOUT = 12_000;

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
  private readonly members: Talker[] = [];

  /** `seats`: the members of each pair side by side. `connectOne`: by the wire that the server speaks. */
  static async connect(seats: Seat[], connectOne: Connect): Promise<Crowd> {
    const crowd = new Crowd();
    const count = (): void => void (crowd.delivered += 1);
    for (let i = 0; i < seats.length; i += 20)
      crowd.members.push(...(await Promise.all(seats.slice(i, i + 20).map((seat) => connectOne(seat, count)))));
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
    for (const member of this.members) member.close();
  }

  private async measure(
    seconds: number,
    run: (until: number, send: (member: Talker) => Promise<void>) => Promise<void>,
  ): Promise<LoadResult> {
    const latencies: number[] = [];
    let failed = 0;
    const before = this.delivered;
    const begun = performance.now();
    const running = run(begun + seconds * 1_000, async (member) => {
      const at = performance.now();
      if (!(await member.send(TEXT))) failed += 1;
      latencies.push(performance.now() - at);
    });
    await within(running, seconds * 1_000 + ANSWER_TIMEOUT);
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

/** Rejects after `ms`: an acknowledgement that never comes must not hold the bench. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  const done = new AbortController();
  const timeout = sleep(ms, undefined, { signal: done.signal }).then(() => {
    throw new Error('acknowledgements are missing');
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    timeout.catch(() => undefined);
    done.abort();
  }
}

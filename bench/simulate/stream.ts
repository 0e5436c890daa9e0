import { People } from './population.js';
import type { Person, Population } from './population.js';
import { Random } from './random.js';
import type { SearchTicket } from '../../src/matching/ticket.types.js';

/** One search of the stream: its ticket, and when the person gives up if nobody came. */
export interface StreamedSearch {
  readonly ticket: SearchTicket;
  readonly leavesAtMs: number;
  /** The connection breaks instead of a clean close: no lesson in patience. */
  readonly lost: boolean;
}

export interface StreamOptions {
  readonly population: Population;
  /** Searches per second, mean over the run. */
  readonly rate: number;
  readonly hours: number;
  readonly seed: number;
}

/**
 * Who searches when: the same people, at the same times, with the same patience for every policy. The rate follows one day,
 * compressed into the run. 70 % return after a talk; when, does not depend on the policy, so that policies stay comparable.
 */
export function streamOf({ population, rate, hours, seed }: StreamOptions): StreamedSearch[] {
  const random = new Random(seed, 'arrivals');
  const people = new People(population, new Random(seed, 'people'));
  const returners = new ReturnQueue();
  const endMs = hours * 3_600_000;
  const searches: StreamedSearch[] = [];
  const fastest = rate * (1 + population.day.swing);
  for (let atMs = random.exponential(1000 / fastest); atMs < endMs; atMs += random.exponential(1000 / fastest)) {
    const now = rate * (1 + population.day.swing * Math.sin((2 * Math.PI * atMs) / endMs - Math.PI / 2));
    if (!random.chance(now / fastest)) continue;
    const person = returners.takeDue(atMs) ?? people.next();
    const leavesAtMs = atMs + patienceMs(population, random);
    searches.push({
      ticket: { ...person, searchId: `s${searches.length}`, version: 1, sinceMs: atMs },
      leavesAtMs,
      lost: random.chance(population.patience.lost),
    });
    if (random.chance(population.talk.returns)) returners.add(person, leavesAtMs + talkMs(population, random));
  }
  return searches;
}

function patienceMs({ patience }: Population, random: Random): number {
  return 1000 * (patience.leastS + random.weibull(patience.weibullShape, patience.weibullScaleS));
}

function talkMs({ talk }: Population, random: Random): number {
  return (
    1000 * (random.chance(talk.skips) ? random.exponential(talk.skipMeanS) : random.lognormal(talk.medianS, talk.sigma))
  );
}

/** People who will search again, soonest first (a binary heap). */
class ReturnQueue {
  private readonly heap: { atMs: number; person: Person }[] = [];

  add(person: Person, atMs: number): void {
    const { heap } = this;
    let at = heap.push({ person, atMs }) - 1;
    while (at > 0 && heap[(at - 1) >> 1]!.atMs > heap[at]!.atMs) {
      this.swap(at, (at - 1) >> 1);
      at = (at - 1) >> 1;
    }
  }

  takeDue(nowMs: number): Person | undefined {
    const { heap } = this;
    if (heap.length === 0 || heap[0]!.atMs > nowMs) return undefined;
    const { person } = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.sink();
    }
    return person;
  }

  private sink(): void {
    const { heap } = this;
    for (let at = 0, child = 1; child < heap.length; at = child, child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.atMs < heap[child]!.atMs) child++;
      if (heap[at]!.atMs <= heap[child]!.atMs) return;
      this.swap(at, child);
    }
  }

  private swap(a: number, b: number): void {
    [this.heap[a], this.heap[b]] = [this.heap[b]!, this.heap[a]!];
  }
}

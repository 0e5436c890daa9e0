// People who search, made of the simulator's population, and put into a shard through the real enqueue.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SearchQueue } from '../../src/matching/search-queue.js';
import { People, readPopulation } from '../simulate/population.js';
import type { Person } from '../simulate/population.js';
import { Random } from '../simulate/random.js';

const population = readPopulation('bench/simulate/population.json');
const NOBODY = { blocked: [], recent: [] };

/** A man who seeks only nonbinary people of his age in one language that nobody else speaks: he waits. */
export const lonely = (person: Person, i: number): Person => ({
  ...person,
  gender: 1,
  seeksGenders: 0b100,
  languages: [100 + (i % 20)],
});

/** A man who seeks women: they are found for few of him, and every woman who comes looks at thousands of him. */
export const oneOfMany = (person: Person): Person => ({ ...person, gender: 1, seeksGenders: 0b001 });

const attributesOf = (person: Person): string =>
  JSON.stringify([
    person.gender,
    person.ageBand,
    person.languages,
    person.interests.map((tag) => `interest ${tag}`),
    person.seeksGenders,
    person.seeksAges,
  ]);

export class Crowd {
  private readonly people = new People(population, new Random(7, 'bench'));

  constructor(private readonly queue: SearchQueue) {}

  /** `count` searches that are there before the load comes. */
  async fill(shard: string, count: number, as: (person: Person, i: number) => Person): Promise<void> {
    for (let i = 0; i < count; i += 500)
      await Promise.all(
        Array.from({ length: Math.min(500, count - i) }, (_, j) => this.enter(shard, as(this.people.next(), i + j))),
      );
  }

  /** New searches at a steady rate, whether or not the last ones were answered. @returns how many came */
  async arrive(shard: string, perS: number, seconds: number): Promise<number> {
    const began = performance.now();
    let came = 0;
    for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - began) / 1_000) {
      for (; came < elapsed * perS; came += 1) void this.enter(shard, this.people.next()).catch(() => undefined);
      await sleep(4);
    }
    return came;
  }

  enter(shard: string, person: Person) {
    const place = { shard, searchId: randomUUID(), userId: randomUUID() };
    return this.queue.enqueue({ ...place, attrs: attributesOf(person), sinceMs: 0, avoidance: NOBODY });
  }

  next(): Person {
    return this.people.next();
  }
}

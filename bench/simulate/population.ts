import { readFileSync } from 'node:fs';
import { AGE_BAND_COUNT, UNKNOWN_GENDER, UNKNOWN_REGION } from '../../src/matching/ticket.types.js';
import type { SearchTicket } from '../../src/matching/ticket.types.js';
import { zipf } from './random.js';
import type { Random } from './random.js';

const GENDER_INDEX = { woman: 0, man: 1, nonbinary: 2 } as const;
type GenderName = keyof typeof GENDER_INDEX;
type Sought = GenderName | 'anyone';

/** Who comes, as described by a JSON file; shares are 0..1, times in seconds. */
export interface Population {
  readonly genders: Record<GenderName, number>;
  /** Whom people of each gender seek. */
  readonly seeks: Record<GenderName, Partial<Record<Sought, number>>>;
  /** Part of the people of any gender who do not tell theirs. */
  readonly genderUntold: number;
  readonly ageBands: readonly number[];
  /** The others seek their own band and its neighbours. */
  readonly seeksAnyAge: number;
  readonly languages: { count: number; zipf: number; second: number; third: number; opens: number };
  readonly interests: { count: number; zipf: number; none: number; meanOfRest: number };
  /** 0: no region is known, as in the server so far. */
  readonly regions: number;
  /** Trust is 1 - untrusted * u^2. */
  readonly untrusted: number;
  /** How long people wait at most; `lost` is the part whose connection breaks instead of a clean close. */
  readonly patience: { leastS: number; weibullShape: number; weibullScaleS: number; lost: number };
  /** The rate swings by +-`swing` over the run, which stands for one day. */
  readonly day: { swing: number };
  readonly talk: { returns: number; skips: number; skipMeanS: number; medianS: number; sigma: number };
  /** Last partners who are not met again. */
  readonly recents: number;
  /** Part of conversations that end with a block. */
  readonly blocks: number;
}

/** A person: what of a ticket stays the same from search to search. */
export type Person = Omit<SearchTicket, 'searchId' | 'version' | 'sinceMs'>;

export function readPopulation(file: string | URL): Population {
  return JSON.parse(readFileSync(file, 'utf8')) as Population;
}

/** Makes people of a population, one after another. */
export class People {
  private readonly languageWeights: number[];
  private readonly interestWeights: number[];
  private made = 0;

  constructor(
    private readonly population: Population,
    private readonly random: Random,
  ) {
    this.languageWeights = zipf(population.languages.count, population.languages.zipf);
    this.interestWeights = zipf(population.interests.count, population.interests.zipf);
  }

  next(): Person {
    const { population, random } = this;
    const gender = pick(random, population.genders);
    const ageBand = random.choose(population.ageBands);
    return {
      userId: `u${this.made++}`,
      gender: random.chance(population.genderUntold) ? UNKNOWN_GENDER : GENDER_INDEX[gender],
      ageBand,
      languages: this.languages(),
      interests: this.interests(),
      seeksGenders: maskOf(pick(random, population.seeks[gender])),
      seeksAges: random.chance(population.seeksAnyAge) ? 0 : around(ageBand),
      region: population.regions === 0 ? UNKNOWN_REGION : 1 + random.below(population.regions),
      trust: 1 - population.untrusted * random.next() ** 2,
      opensLanguage: random.chance(population.languages.opens),
    };
  }

  private languages(): number[] {
    const { second, third } = this.population.languages;
    const count = this.random.chance(second) ? (this.random.chance(third / second) ? 3 : 2) : 1;
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(this.random.choose(this.languageWeights));
    return [...chosen];
  }

  private interests(): number[] {
    const { none, meanOfRest } = this.population.interests;
    if (this.random.chance(none)) return [];
    const count = Math.min(10, 1 + Math.floor(this.random.exponential(meanOfRest - 0.5)));
    const chosen = new Set<number>();
    while (chosen.size < count) chosen.add(this.random.choose(this.interestWeights));
    return [...chosen].sort((a, b) => a - b);
  }
}

function pick<T extends string>(random: Random, shares: Partial<Record<T, number>>): T {
  const names = Object.keys(shares) as T[];
  return names[random.choose(names.map((name) => shares[name] ?? 0))]!;
}

function maskOf(sought: Sought): number {
  return sought === 'anyone' ? 0 : 1 << GENDER_INDEX[sought];
}

function around(ageBand: number): number {
  return ((0b111 << ageBand) >> 1) & ((1 << AGE_BAND_COUNT) - 1);
}

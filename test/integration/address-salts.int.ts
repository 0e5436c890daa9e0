import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AddressSalts } from '../../src/platform/http/address-salts.js';
import { Database } from '../../src/platform/postgres/database.js';
import { Log } from '../../src/platform/logging/log.js';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { createDatabase } from '../support/database.js';

let database: Database;
const DAY_MS = 86_400_000;
/** A process whose wall clock is off by `skewMs`, and on which `passedMs` have passed. */
const aClock = (skewMs = 0) => ({
  passedMs: 0,
  now: () => new Date(Date.now() + skewMs),
  monotonicMs(): number {
    return this.passedMs;
  },
});
const log = new Log({ environment: 'test', logLevel: 'silent', rateLimits: false });

beforeAll(async () => {
  const url = await createDatabase();
  const facts = await inspectDatabase(url, true);
  const source = createDataSource({ url, applicationName: 'stoa-test', facts });
  await source.initialize();
  database = new Database(source);
});
afterAll(() => database?.onApplicationShutdown());

const daysKept = async (): Promise<string[]> => {
  const rows = await database.query<{ day: string }>(`SELECT day::text AS day FROM address_salts ORDER BY day`);
  return rows.map(({ day }) => day);
};

/** Days from Postgres' today. */
const dayAt = async (offset: number): Promise<string> => {
  const [row] = await database.query<{ day: string }>(
    `SELECT ((now() AT TIME ZONE 'UTC')::date + $1::int)::text AS day`,
    [offset],
  );
  return row?.day ?? '';
};

describe('the salts of addresses', () => {
  it('are one per day for all processes, and the next one is there before midnight', async () => {
    const [clock, otherClock] = [aClock(), aClock()];
    const [one, other] = [new AddressSalts(database, clock, log), new AddressSalts(database, otherClock, log)];
    await Promise.all([one.refresh(), other.refresh()]);
    const before = one.current();
    expect(other.current()).toEqual(before);
    clock.passedMs = otherClock.passedMs = DAY_MS;
    expect(one.current()).not.toEqual(before);
    expect(other.current()).toEqual(one.current());
    expect(await daysKept()).toEqual([await dayAt(0), await dayAt(1)]);
  });

  it.each([-2, 2])('are the same for a process whose clock is off by %d days', async (days) => {
    const [right, wrong] = [
      new AddressSalts(database, aClock(), log),
      new AddressSalts(database, aClock(days * DAY_MS), log),
    ];
    await right.refresh();
    await database.query(`INSERT INTO address_salts VALUES ($1, '') ON CONFLICT DO NOTHING`, [await dayAt(-1)]);
    const before = right.current();
    await wrong.refresh();
    expect(wrong.current()).toEqual(before);
    expect(await daysKept()).toEqual([await dayAt(-1), await dayAt(0), await dayAt(1)]);
  });

  it('stand for another day while Postgres is away over midnight', async () => {
    const clock = aClock();
    const salts = new AddressSalts(database, clock, log);
    await salts.refresh();
    clock.passedMs = 3 * DAY_MS;
    expect(salts.current()).toHaveLength(32);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AddressSalts } from '../../src/platform/http/address-salts.js';
import { Database } from '../../src/platform/postgres/database.js';
import { Log } from '../../src/platform/logging/log.js';
import { inspectDatabase } from '../../src/platform/postgres/boot-check.js';
import { createDataSource } from '../../src/platform/postgres/data-source.js';
import { createDatabase } from '../support/database.js';

let database: Database;
const clock = { time: new Date('2026-11-24T23:59:00Z'), now: () => clock.time, monotonicMs: () => 0 };
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

describe('the salts of addresses', () => {
  it('are one per day for all processes, and the next one is there before midnight', async () => {
    const [one, other] = [new AddressSalts(database, clock, log), new AddressSalts(database, clock, log)];
    await Promise.all([one.refresh(), other.refresh()]);
    const before = one.current();
    expect(other.current()).toEqual(before);
    clock.time = new Date('2026-11-25T00:00:01Z');
    expect(one.current()).not.toEqual(before);
    expect(other.current()).toEqual(one.current());
    expect(await daysKept()).toEqual(['2026-11-24', '2026-11-25']);
  });

  it('are destroyed after two days', async () => {
    clock.time = new Date('2026-11-27T12:00:00Z');
    await new AddressSalts(database, clock, log).refresh();
    expect(await daysKept()).toEqual(['2026-11-27', '2026-11-28']);
  });

  it('stand for another day while Postgres is away over midnight', async () => {
    const salts = new AddressSalts(database, clock, log);
    await salts.refresh();
    clock.time = new Date('2026-11-30T00:00:00Z');
    expect(salts.current()).toHaveLength(32);
  });
});

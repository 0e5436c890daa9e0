import pg from 'pg';
import { expect, it } from 'vitest';
import { createDatabase } from '../support/database.js';

it('gives every caller a migrated database of its own', async () => {
  const urls = await Promise.all([createDatabase(), createDatabase()]);
  const tables = await Promise.all(urls.map(namesOfTables));
  expect(new Set(urls).size).toBe(2);
  expect(tables[0]).toContain('users');
  expect(tables[1]).toEqual(tables[0]);
});

async function namesOfTables(connectionString: string): Promise<string[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  );
  await client.end();
  return rows.map((row) => row.name);
}

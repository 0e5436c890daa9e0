import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../support/database.js';

const runbook = readFileSync('docs/runbook.md', 'utf8');
const spans = [...runbook.matchAll(/`([^`\n]+)`/g)].map((found) => found[1] ?? '');

/** Statements of their own, and those that psql gets by -c. */
const statements = spans.flatMap((span) => {
  if (/^(SELECT|UPDATE) /.test(span)) return [span];
  return span.startsWith('psql ')
    ? [...span.matchAll(/-c (['"])(.*?)\1(?= -c|$)/g)].map((found) => found[2] ?? '')
    : [];
});

/** What the reader fills in. */
const filled = (sql: string): string =>
  sql
    .replaceAll('…', '00000000-0000-0000-0000-000000000000')
    .replace('pg_terminate_backend(pid)', 'pg_terminate_backend(0)');

let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: await createDatabase() });
  await client.connect();
});
afterAll(() => client.end());

async function codeOf(sql: string): Promise<string> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await client.query('ROLLBACK');
  }
}

describe("the runbook's SQL", () => {
  it.each(statements)('runs: %s', async (sql) => {
    // On this server the roles are there.
    expect(await codeOf(filled(sql))).toBe(sql.startsWith('CREATE ROLE') ? '42710' : 'ok');
  });

  it.each(['exports', 'erasures'])('runs for %s, too', async (table) => {
    const update = statements.find((sql) => sql.startsWith('UPDATE auth_requests')) ?? '';
    expect(await codeOf(update.replace('auth_requests', table))).toBe('ok');
  });

  it('is found, and a wrong one would be', async () => {
    expect(statements.length).toBeGreaterThan(10);
    expect(await codeOf('SELECT no_such_column FROM users')).toBe('42703');
  });
});

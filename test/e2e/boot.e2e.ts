import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis } from '../../scripts/services/redis.mjs';
import { createDatabase } from '../support/database.js';
import { deploy } from '../support/deployment.js';

let redis: Awaited<ReturnType<typeof startRedis>>;
let env: Record<string, string>;
beforeAll(async () => {
  redis = await startRedis({ fresh: true });
  env = {
    NODE_ENV: 'test',
    DATABASE_URL: await createDatabase(),
    REDIS_URL: redis.url,
    SECRET_KEYS: 'k1:0123456789abcdef0123456789abcdef',
    PORT: '0',
  };
});
afterAll(() => redis.stop());

function start(entry: string, settings: Record<string, string>): { code: number | null; lines: string[] } {
  const result = spawnSync(process.execPath, [entry], {
    env: { PATH: process.env['PATH'], ...settings },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { code: result.status, lines: result.stderr.split('\n').filter((line) => line !== '') };
}

/** A whole database, as seen by a user to whom nobody gave the role. */
async function plainUsersUrl(): Promise<string> {
  const url = await createDatabase();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    `DO $$ BEGIN CREATE ROLE plain_boot LOGIN PASSWORD 'plain'; EXCEPTION WHEN duplicate_object THEN END $$`,
  );
  await client.query('GRANT SELECT ON schema_migrations TO plain_boot');
  await client.end();
  return Object.assign(new URL(url), { username: 'plain_boot', password: 'plain' }).href;
}

describe.each(['dist/main.js', 'dist/worker.js', 'dist/migrate.js'])('%s', (entry) => {
  it('ends with 78 and one readable line per fault, without the values', () => {
    const { code, lines } = start(entry, { ...env, PORT: 'eighty', REDIS_URL: '', SECRET_KEYS: 'too-short-a-secret' });
    expect(code).toBe(78);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^stoa: (PORT|REDIS_URL|SECRET_KEYS)\b/);
    expect(lines.join()).not.toMatch(/eighty|too-short-a-secret/);
  });
});

describe.each(['dist/main.js', 'dist/worker.js'])('%s', (entry) => {
  it('refuses a pairing policy beyond its bounds, by the name of the field', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'stoa-policy-')), 'policy.json');
    writeFileSync(file, JSON.stringify({ hold: { longestMs: 2_001 }, fairness: { classCap: -1 } }));
    const { code, lines } = start(entry, { ...env, MATCHING_POLICY: file });
    expect([code, lines.toSorted()]).toEqual([
      78,
      ['stoa: MATCHING_POLICY fairness.classCap must be >= 0', 'stoa: MATCHING_POLICY hold.longestMs must be <= 2000'],
    ]);
  });

  it('refuses a database without its migrations', async () => {
    const database = await createDatabase();
    const client = new pg.Client({ connectionString: database });
    await client.connect();
    await client.query('DELETE FROM schema_migrations WHERE name LIKE $1', ['foundation%']);
    await client.end();
    const { code, lines } = start(entry, { ...env, DATABASE_URL: database });
    expect([code, lines]).toEqual([78, ['stoa: the database lacks 1 migration(s): run npm run migrate']]);
  });

  it('refuses in production a database user who may not act as the roles', async () => {
    const production = {
      ...env,
      NODE_ENV: 'production',
      PUBLIC_ORIGIN: 'https://stoa.test',
      DATABASE_URL: await plainUsersUrl(),
      MAIL_DIR: '/tmp',
    };
    const { code, lines } = start(entry, production);
    expect(code).toBe(78);
    expect(lines.filter((line) => !line.includes('=off'))).toEqual([
      'stoa: the database user plain_boot may not act as the role stoa_app: see Roles in docs/security.md',
    ]);
  });

  it('refuses a database that may lose what it confirmed, unless it is a test', () => {
    const { code, lines } = start(entry, { ...env, NODE_ENV: 'development' });
    expect(code).toBe(78);
    expect(lines.join()).toContain('fsync=off');
  });

  it('refuses a Redis that evicts', async () => {
    const evicting = await startRedis({ fresh: true });
    const { Redis } = await import('ioredis');
    const client = new Redis(evicting.url);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const { code, lines } = start(entry, { ...env, REDIS_URL: evicting.url });
    client.disconnect();
    await evicting.stop();
    expect([code, lines]).toEqual([
      78,
      ['stoa: Redis must not evict: maxmemory-policy is allkeys-lru, not noeviction'],
    ]);
  });
});

it.each(['/proc/none', '/dev/null/mails'])('the worker refuses to write mails to %s', (folder) => {
  const { code, lines } = start('dist/worker.js', { ...env, MAIL_DIR: folder });
  expect([code, lines]).toEqual([78, ['stoa: MAIL_DIR is no folder that this process can write to']]);
});

it('the api refuses a port that is taken', async () => {
  const taken = createServer().listen(0);
  const { port } = taken.address() as AddressInfo;
  const { code, lines } = start('dist/main.js', { ...env, PORT: `${port}` });
  taken.close();
  expect([code, lines]).toEqual([78, ['stoa: PORT cannot be listened on (EADDRINUSE)']]);
});

describe('a deployment', () => {
  it('starts both roles, says how it is, and ends with 0 on SIGTERM', async () => {
    const deployment = await deploy({ apis: 1, workers: 1 });
    const [api, worker] = [deployment.apis[0], deployment.workers[0]];
    expect(await (await fetch(`${api?.url}/health/live`)).json()).toEqual({ status: 'live' });
    expect(await (await fetch(`${api?.url}/health/ready`)).json()).toMatchObject({ status: 'ready', reasons: [] });
    const page = await fetch(`${api?.url}/`, { headers: { host: 'stoa.test' } });
    expect(await page.text()).toContain('<!doctype html>');
    expect(page.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*require-trusted-types-for 'script'/,
    );
    expect(await Promise.all([api?.stop(), worker?.stop()])).toEqual([0, 0]);
    await deployment.stop();
  });

  it('keeps the audit trail from everybody', async () => {
    const deployment = await deploy({ apis: 1, workers: 0 });
    const client = new pg.Client({ connectionString: deployment.databaseUrl });
    await client.connect();
    await client.query(`SELECT append_audit('test.event', NULL, NULL, 'ok', NULL, NULL, NULL)`);
    await expect(client.query(`UPDATE audit_events SET event = 'x'`)).rejects.toThrow(/append-only/);
    await expect(client.query('DELETE FROM audit_events')).rejects.toThrow(/append-only/);
    const acting = await client.query(`SELECT has_table_privilege('stoa_app', 'audit_events', 'DELETE') AS may`);
    expect(acting.rows).toEqual([{ may: false }]);
    await client.end();
    await deployment.stop();
  });
});

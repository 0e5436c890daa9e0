import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { startRedis } from '../../scripts/services/redis.mjs';
import { freePort } from '../../scripts/services/server.mjs';
import { createDatabase } from '../support/database.js';
import { COMPILE_CACHE, deploy } from '../support/deployment.js';

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

const documents = ['config', 'secret.example'].flatMap((file) =>
  parseAllDocuments(readFileSync(`deploy/kubernetes/${file}.yml`, 'utf8')).map((document) => document.toJS()),
) as { data?: Record<string, string>; stringData?: Record<string, string> }[];
const manifests = Object.assign({}, ...documents.map(({ data, stringData }) => ({ ...data, ...stringData }))) as Record<
  string,
  string
>;
const exampleSecret = manifests['SECRET_KEYS'] ?? '';

/** What Kubernetes gives a process, on the stores of this test and once the example of a secret is replaced. */
const manifestSettings = (): Record<string, string> => ({
  ...manifests,
  NODE_ENV: 'production',
  DATABASE_URL: env['DATABASE_URL'] ?? '',
  MIGRATION_DATABASE_URL: env['DATABASE_URL'] ?? '',
  REDIS_URL: env['REDIS_URL'] ?? '',
  SECRET_KEYS: env['SECRET_KEYS'] ?? '',
});

function start(entry: string, settings: Record<string, string>): { code: number | null; lines: string[] } {
  const result = spawnSync(process.execPath, entry.split(' '), {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...settings },
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

const ROLES = ['api', 'worker', 'migrate'].map((role) => `dist/stoa.js ${role}`);

describe.each(ROLES)('%s', (entry) => {
  it('#37 ends with 78 and one readable line per fault (a short secret among them), without the values', () => {
    const { code, lines } = start(entry, { ...env, PORT: 'eighty', REDIS_URL: '', SECRET_KEYS: 'too-short-a-secret' });
    expect(code).toBe(78);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).toMatch(/^stoa: (PORT|REDIS_URL|SECRET_KEYS)\b/);
    expect(lines.join()).not.toMatch(/eighty|too-short-a-secret/);
  });
});

describe.each(ROLES.slice(0, 2))('%s', (entry) => {
  it('refuses a pairing policy beyond its bounds, by the name of the field', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'stoa-policy-')), 'policy.json');
    writeFileSync(file, JSON.stringify({ hold: { longestMs: 2_001 }, fairness: { classCap: -1 } }));
    const { code, lines } = start(entry, { ...env, MATCHING_POLICY: file });
    expect([code, lines.toSorted()]).toEqual([
      78,
      ['stoa: MATCHING_POLICY fairness.classCap must be >= 0', 'stoa: MATCHING_POLICY hold.longestMs must be <= 2000'],
    ]);
  });

  it('#37 refuses a database without its migrations', async () => {
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

  it('#37 refuses a Redis that evicts', async () => {
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

it.each(['wroker', 'dist/worker.js', 'api worker', 'constructor', ''])('no role "%s": 78 and one line', (command) => {
  expect(start(`dist/stoa.js ${command}`.trim(), env)).toEqual({
    code: 78,
    lines: ['stoa: the command is one of api, worker, migrate'],
  });
});

/** A start whose clock moves on by 11 s whenever it is looked at: the patience of 30 s is over in three looks. */
function impatientStart(role: 'api' | 'worker', settings: Record<string, string>) {
  const program = `
    let at = 0;
    performance.now = () => (at += 11_000);
    await (await import('./dist/boot.js')).boot('${role}');`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: COMPILE_CACHE, ...settings },
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { code: status, lines: stderr.split('\n').filter(Boolean) };
}

describe('#37 a store that stays away for longer than 30 s ends the start with 78', () => {
  it.each(['api', 'worker'] as const)('of the %s', async (role) => {
    const gone = `127.0.0.1:${await freePort()}`;
    for (const [store, settings] of [
      ['Postgres', { DATABASE_URL: `postgres://stoa:secret@${gone}/stoa` }],
      ['Redis', { REDIS_URL: `redis://${gone}` }],
    ] as const)
      expect([store, impatientStart(role, { ...env, ...settings })]).toEqual([
        store,
        { code: 78, lines: [expect.stringMatching(`^stoa: ${store} does not accept this process`)] },
      ]);
  });
});

/** Another user, password or database in the same address. */
const elsewhere = (parts: Partial<URL>): Record<string, string> => ({
  ...env,
  DATABASE_URL: Object.assign(new URL(env['DATABASE_URL'] ?? ''), parts).href,
});

describe('a database that does not take a process in', () => {
  const refused = (code: string) => ({ code: 78, lines: [`stoa: Postgres does not accept this process (${code})`] });
  const [api = '', worker = '', migrate = ''] = ROLES;

  it('for its password, its user or its name', () => {
    for (const entry of [api, migrate])
      expect(start(entry, elsewhere({ password: 'wrong' }))).toEqual(refused('28P01'));
    expect(start(migrate, elsewhere({ username: 'nobody_here' }))).toEqual(refused('28P01'));
    expect(start(migrate, elsewhere({ pathname: '/none' }))).toEqual(refused('3D000'));
  });

  it('as a role that may do nothing in it', async () => {
    const username = `guest_${Date.now()}`;
    const client = new pg.Client({ connectionString: env['DATABASE_URL'] });
    await client.connect();
    try {
      await client.query(`CREATE ROLE ${username} LOGIN PASSWORD 'p'`);
      for (const entry of [worker, migrate])
        expect(start(entry, elsewhere({ username, password: 'p' }))).toEqual(refused('42501'));
    } finally {
      await client.query(`DROP ROLE ${username}`);
      await client.end();
    }
  });
});

describe("with the manifests' own settings", () => {
  const needed = ['PUBLIC_ORIGIN', 'DATABASE_URL', 'REDIS_URL', 'SECRET_KEYS'];
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(manifestSettings()).filter(([name]) => !names.includes(name)));

  it.each(ROLES)('%s ends with 78 without what it needs, and names all of it', (entry) => {
    const { code, lines } = start(entry, without(...needed));
    expect(code).toBe(78);
    expect(new Set(lines.map((line) => /^stoa: (\w+)/.exec(line)?.[1]))).toEqual(new Set(needed));
  });

  it.each(needed)('a process ends with 78 without %s', (name) => {
    const { code, lines } = start('dist/stoa.js migrate', without(name));
    expect([code, lines]).toEqual([78, [expect.stringMatching(`^stoa: ${name}\\b`)]]);
  });

  it('a process ends with 78 for the example of a secret', () => {
    const { code, lines } = start('dist/stoa.js migrate', { ...manifestSettings(), SECRET_KEYS: exampleSecret });
    expect([code, lines]).toEqual([78, [expect.stringMatching(/^stoa: SECRET_KEYS\b/)]]);
  });
});

it.each(['api', 'worker'])('the %s needs a Node that hashes passwords, and says so in one line', (role) => {
  const withoutArgon2 = `import%20crypto%20from%20'node:crypto';delete%20crypto.argon2Sync`;
  const settings = { ...env, NODE_OPTIONS: `--import=data:text/javascript,${withoutArgon2}` };
  const { code, lines } = start(`dist/stoa.js ${role}`, settings);
  expect([code, lines]).toEqual([78, [`stoa: Node ${process.version} has no Argon2id: 24.7 or newer is needed`]]);
});

it.each(['/proc/none', '/dev/null/mails'])('the worker refuses to write mails to %s', (folder) => {
  const { code, lines } = start('dist/stoa.js worker', { ...env, MAIL_DIR: folder });
  expect([code, lines]).toEqual([78, ['stoa: MAIL_DIR is no folder that this process can write to']]);
});

it.each([
  ['api', 'PORT'],
  ['api', 'METRICS_PORT'],
  ['worker', 'METRICS_PORT'],
])('the %s refuses a %s that is taken', async (role, setting) => {
  const taken = createServer().listen(0);
  const { port } = taken.address() as AddressInfo;
  const { code, lines } = start(`dist/stoa.js ${role}`, { ...env, [setting]: `${port}` });
  taken.close();
  expect([code, lines]).toEqual([78, [`stoa: ${setting} cannot be listened on (EADDRINUSE)`]]);
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
    const forged = { method: 'POST', headers: { host: 'stoa.test', origin: 'https://evil.example' } };
    for (let i = 0; i < 3; i += 1) expect((await fetch(`${api?.url}/api/v1/guests`, forged)).status).toBe(403);
    expect(await Promise.all([api?.stop(), worker?.stop()])).toEqual([0, 0]);
    const client = new pg.Client({ connectionString: deployment.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ row: string }>(
      `SELECT concat_ws(' ', event, target, reason) AS row FROM audit_events
        WHERE event IN ('process.start', 'process.stop', 'migration.run', 'origin.refuse') ORDER BY 1`,
    );
    expect(rows.map(({ row }) => row)).toEqual([
      expect.stringMatching(/^migration\.run \w+ x\d+$/),
      'origin.refuse ORIGIN_FORBIDDEN',
      // What was counted in the last minute is not lost with the process.
      'origin.refuse ORIGIN_FORBIDDEN x2',
      'process.start stoa-api keys test',
      'process.start stoa-worker keys test',
      'process.stop stoa-api keys test',
      'process.stop stoa-worker keys test',
    ]);
    await client.end();
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

/** A process whose drain never ends, and whose clock is set ahead by hand. @returns its exit code, and what it said last */
function hangingProcess(events: string) {
  const program = `
    import { mock } from 'node:test';
    const { shutDownGracefully } = await import('./dist/shutdown.js');
    const say = (text) => process.stdout.write(text + '\\n');
    const service = { info: () => {}, error: ({ event }) => say(event), counter: () => ({ inc: () => {} }) };
    setInterval(() => {}, 1_000);
    mock.timers.enable({ apis: ['setTimeout'] });
    shutDownGracefully({ get: () => service, close: () => new Promise(() => {}) }, () => new Promise(() => {}), async () => {});
    const crash = () => new Promise((resolve) => {
      process.once('uncaughtException', () => setImmediate(resolve));
      setImmediate(() => { throw new Error('nobody foresaw this'); });
    });
    const after = (ms) => { mock.timers.tick(ms); say('lives after ' + ms); };
    ${events}
    say('never ended');
    process.exit(99);`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  return { status, lines: stdout.trim().split('\n') };
}

describe('a process whose drain hangs', () => {
  it('is over 10 s after an uncaught exception', () => {
    const { status, lines } = hangingProcess(`await crash(); after(9_999); after(1);`);
    expect([status, lines]).toEqual([1, ['process.uncaught_exception', 'lives after 9999']]);
  });

  it('is over 20 s after a signal, and 10 s after an exception that comes meanwhile', () => {
    expect(hangingProcess(`process.emit('SIGTERM', 'SIGTERM'); after(19_999); after(1);`)).toMatchObject({
      status: 1,
      lines: ['lives after 19999'],
    });
    const { status, lines } = hangingProcess(
      `process.emit('SIGTERM', 'SIGTERM'); after(1_000); await crash(); after(9_999); after(1);`,
    );
    expect([status, lines.at(-1)]).toEqual([1, 'lives after 9999']);
  });
});

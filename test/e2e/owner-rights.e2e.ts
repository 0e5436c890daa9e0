import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres } from '../../scripts/services/postgres.mjs';
import { LOGS, deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';

let postgres: Awaited<ReturnType<typeof startPostgres>>;
let deployment: Deployment;
const as = (username: string): string => Object.assign(new URL(postgres.url), { username, password: 'p' }).href;

beforeAll(async () => {
  // As production wants it.
  postgres = await startPostgres({ fresh: true, settings: ['fsync=on', 'full_page_writes=on'] });
  const owner = new pg.Client({ connectionString: postgres.url });
  await owner.connect();
  await owner.query(`CREATE ROLE somebody_else LOGIN SUPERUSER PASSWORD 'p'`);
  await owner.end();
  deployment = await deploy({
    apis: 1,
    workers: 1,
    env: { NODE_ENV: 'production', PUBLIC_ORIGIN: 'https://stoa.test', RATE_LIMITS: 'on' },
    databaseUrl: as('stoa_process'),
    migrationUrl: postgres.url,
  });
});
afterAll(async () => {
  await deployment.stop();
  await postgres.stop();
});

interface Line {
  event: string;
  user: string;
}

const warnings = ({ name }: Member): string[] =>
  readFileSync(`${LOGS}/${name}.log`, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ event }) => event === 'postgres.owner_rights')
    .map(({ user }) => user);

async function told(member: Member): Promise<unknown> {
  const value = /^stoa_postgres_owner_rights (\d)$/m.exec(await member.metrics())?.[1];
  const ready = await fetch(`${member.operatorUrl}/health/ready`);
  return { value, ready: ((await ready.json()) as { status: string }).status };
}

it("a process in production that signs in with the owner's rights says so, and serves", async () => {
  const members = [...deployment.apis, ...deployment.workers];
  for (const member of members) {
    expect(await told(member)).toEqual({ value: '0', ready: 'ready' });
    expect(warnings(member)).toEqual([]);
  }
  for (const url of [postgres.url, as('somebody_else')])
    await Promise.all(
      members.map(async (member) => {
        await member.stop();
        member.env['DATABASE_URL'] = url;
        await member.start();
        expect(await told(member)).toEqual({ value: '1', ready: 'ready' });
      }),
    );
  for (const member of members) expect(warnings(member)).toEqual(['stoa', 'somebody_else']);
});

it('a worker in production without a mail server says so, and serves', async () => {
  const [worker] = deployment.workers;
  expect(await worker?.metrics()).toMatch(/^stoa_mail_in_files 1$/m);
  expect(readFileSync(`${LOGS}/${worker?.name}.log`, 'utf8')).toContain('"event":"mail.in_files"');
});

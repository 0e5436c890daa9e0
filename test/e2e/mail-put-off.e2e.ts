import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LOGS, deploy } from '../support/deployment.js';
import type { Deployment } from '../support/deployment.js';
import { startMailServer } from '../support/mail-server.js';
import type { MailServer } from '../support/mail-server.js';
import { Person } from '../support/person.js';
import { redisContents } from '../support/redis-contents.js';

// Attack suite, row 34, where the mail server names the address in what it says: as many do when they put somebody off.

const EMAIL = 'canary-put-off@example.com';

let server: MailServer;
let deployment: Deployment;
let isPuttingOff = true;

beforeAll(async () => {
  server = await startMailServer((line) =>
    isPuttingOff && line.startsWith('RCPT') ? `450 4.2.0 <${EMAIL}>: greylisted, come again` : undefined,
  );
  deployment = await deploy({ apis: 1, env: { SMTP_URL: server.url, LOG_LEVEL: 'trace' } });
});
afterAll(async () => {
  await deployment?.stop();
  await server?.stop();
});

const logOf = (name: string): string => readFileSync(`${LOGS}/${name}.log`, 'utf8');
const triesOf = (log: string): string[] => log.split('\n').filter((line) => line.includes('"event":"job.failed"'));

it('#34 a mail that is put off leaves its address neither in a log nor in Redis, and comes when the server takes it', async () => {
  const [worker] = deployment.workers;
  const person = new Person(deployment.apis[0]?.url ?? '');
  await person.http('GET', '/csrf');
  const answer = await person.http('POST', '/registrations', { email: EMAIL, password: 'a quite long phrase' });
  expect(answer.status).toBe(202);
  await vi.waitFor(() => expect(triesOf(logOf(worker?.name ?? '')).length).toBeGreaterThanOrEqual(2), 20_000);
  const contents = await redisContents(deployment.redisUrl);
  const jobs = [...contents.values()].filter((value) => value.includes('"failedReason"'));
  // There is something to look for: the job says why it failed, as far as that is anybody's business.
  expect(jobs).toHaveLength(1);
  expect(jobs[0]).toContain('the mail was not taken over EENVELOPE 450 RCPT TO');
  for (const [key, value] of contents) expect([key, value]).not.toEqual([key, expect.stringContaining('canary')]);
  for (const { name } of [...deployment.apis, ...deployment.workers]) expect(logOf(name)).not.toContain('canary');
  isPuttingOff = false;
  await vi.waitFor(() => expect(server.lines).toContain('Subject: Confirm your address for Stoa'), 20_000);
  expect(logOf(worker?.name ?? '')).not.toContain('job.dead');
});

import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person, meet } from '../support/person.js';

// Requirement A4: whoever floods the hash takes nothing from the conversations. How much slower they get is measured by `npm run bench:flood`.

let deployment: Deployment;
let url: string;

beforeAll(async () => {
  deployment = await deploy({ apis: 1 });
  url = deployment.apis[0]?.url ?? '';
});
afterAll(() => deployment?.stop());

/** Attackers at once: more than may wait for a hash. */
const ATTACKERS = 48;

async function flood(until: AbortSignal): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const attack = async (): Promise<void> => {
    const person = new Person(url);
    await person.http('GET', '/csrf');
    while (!until.aborted) {
      const { status } = await person.http('POST', '/sessions', { email: 'nobody@example.com', password: 'wrong' });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: ATTACKERS }, attack));
  return statuses;
}

/** Threads of a process that yield to its others (Linux). */
const humbleThreads = ({ pid }: Member): number =>
  readdirSync(`/proc/${pid}/task`).filter((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16] === '10';
  }).length;

/** How many wait for a hash, asked again and again until the end. @returns each answer */
async function watchQueue(api: Member, until: AbortSignal): Promise<number[]> {
  const seen: number[] = [];
  for (; !until.aborted; await sleep(100))
    seen.push(Number(/^stoa_password_hash_waiting (\d+)$/m.exec(await api.metrics())?.[1]));
  return seen;
}

it('keeps messages quick while sign-ins are at the limit of the hash, and tells the rest to come back', async () => {
  const { ada, adas } = await meet([url]);
  const measure = async (count: number): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < count; i += 1) {
      const startedAt = performance.now();
      await ada.say(adas, `message ${i}`);
      times.push(performance.now() - startedAt);
      await sleep(10);
    }
    return times.toSorted((a, b) => a - b)[Math.floor(count * 0.99) - 1] ?? 0;
  };
  await measure(50);
  const calm = await measure(300);
  const over = new AbortController();
  const flooding = flood(over.signal);
  const watching = watchQueue(deployment.apis[0] as Member, over.signal);
  await sleep(1_500);
  const flooded = await measure(300);
  over.abort();
  const threads = humbleThreads(deployment.apis[0] as Member);
  const statuses = await flooding;
  const waiting = await watching;
  process.stdout.write(
    `ack p99: ${calm.toFixed(1)} ms calm, ${flooded.toFixed(1)} ms flooded; ${JSON.stringify([...statuses])}\n`,
  );
  expect(statuses.get(401)).toBeGreaterThan(20);
  expect(statuses.get(503)).toBeGreaterThan(0);
  expect([...statuses.keys()].every((status) => status === 401 || status === 503)).toBe(true);
  // One core less than there are is hashed on, with low priority, and no more wait than may.
  if (process.platform === 'linux') expect(threads).toBe(Math.max(1, Math.min(4, availableParallelism()) - 1));
  expect(waiting.length).toBeGreaterThan(5);
  expect(Math.max(...waiting)).toBe(32);
  expect(flooded).toBeLessThan(500);
  ada.disconnect();
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from '../support/deployment.js';
import type { Deployment, Member } from '../support/deployment.js';
import { Person } from '../support/person.js';

/** Within this time (ms) of the death of the worker that ran their shard, two who may meet have met. */
const BOUND_MS = 5_000;
const ROUNDS = 3;

let deployment: Deployment;
beforeAll(async () => {
  deployment = await deploy({ apis: 1, workers: 2 });
});
afterAll(() => deployment?.stop());

async function aSearcher(language: string): Promise<Person> {
  const person = await Person.guest(deployment.apis[0]?.url ?? '', { languages: [language] });
  await person.connect();
  return person;
}

/** The worker that says how many wait: only the one that runs the shard does. */
async function runnerOf(workers: readonly Member[]): Promise<Member> {
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; await sleep(50))
    for (const worker of workers)
      if (worker.isRunning && /stoa_matching_pool_size\{shard="all"\} [1-9]/.test(await worker.metrics()))
        return worker;
  throw new Error('nobody runs the shard');
}

describe('kill -9 of the worker that runs a shard', () => {
  it('costs those who search at most 5 s, whenever they came', { timeout: 120_000 }, async () => {
    // Somebody whom nobody can talk to keeps the shard running.
    const lonely = await aSearcher('el');
    await lonely.ask('search:start', {});
    const waitsMs: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [early, late, other, another] = await Promise.all([1, 2, 3, 4].map(() => aSearcher('en')));
      const runner = await runnerOf(deployment.workers);
      // One waits already and widens the wish afterwards, one comes then; two come together later, when the shard may be nobody's.
      await early!.ask('search:start', { languages: ['fi'] });
      await runner.stop('SIGKILL');
      const killedAt = performance.now();
      await Promise.all([early!, late!].map((person) => person.ask('search:start', {})));
      await sleep(round * 600);
      await Promise.all([other!, another!].map((person) => person.ask('search:start', {})));
      for (const person of [early!, late!, other!, another!])
        await person.next('conversation:started', { ms: BOUND_MS + 2_000 });
      waitsMs.push(performance.now() - killedAt);
      if (round < ROUNDS - 1) await runner.start();
    }
    expect(Math.max(...waitsMs), `ms until all had met: ${waitsMs.map(Math.round).join(', ')}`).toBeLessThan(BOUND_MS);
    expect((await lonely.ask('session:state', {})).state).toBe('searching');
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTopology } from './stage.js';
import { Visitor } from './visitor.js';

// Two api processes and two workers behind HAProxy, limits on, as deploy/compose.yml runs them.

let stage: Awaited<ReturnType<typeof openTopology>>;

beforeAll(async () => {
  stage = await openTopology();
});
afterAll(() => stage?.close());

it('two browsers meet and talk through the proxy, and go on when one of the processes drains', async () => {
  const [zeno, hypatia] = await Promise.all([Visitor.open(stage), Visitor.open(stage)]);
  await zeno.arrive({ nickname: 'Zeno' });
  await hypatia.arrive({ nickname: 'Hypatia' });
  await Promise.all([zeno.meets('Hypatia'), hypatia.meets('Zeno')]);
  await zeno.say('through the proxy?');
  await hypatia.reads('through the proxy?');
  await hypatia.say('both ways');
  await zeno.reads('both ways');
  // Whoever sat there comes back on the other one.
  for (const member of stage.deployment.apis) {
    expect(await member.stop()).toBe(0);
    await zeno.say(`while ${member.name} is away`);
    await hypatia.reads(`while ${member.name} is away`);
    await member.start();
    await sleep(2_500); // the proxy looks once a second
  }
  await zeno.page.reload();
  await zeno.meets('Hypatia');
  await zeno.shoot('behind-the-proxy');
  expect((await zeno.messages()).map(([seq, whose]) => [seq, whose])).toEqual([
    [1, 'you'],
    [2, 'partner'],
    [3, 'you'],
    [4, 'you'],
  ]);
  expect(await hypatia.messages()).toHaveLength(4);
  await Promise.all([zeno.leave(), hypatia.leave()]);
});

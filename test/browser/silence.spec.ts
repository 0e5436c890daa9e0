import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStage } from './stage.js';
import type { Stage } from './stage.js';
import { Visitor } from './visitor.js';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ CONVERSATION_IDLE_MS: '8000' });
});
afterAll(() => stage.close());

it('a silent conversation is warned about and ends by itself, in plain words', async () => {
  const [zeno, hypatia] = await Promise.all([Visitor.open(stage), Visitor.open(stage)]);
  await zeno.arrive({ nickname: 'Zeno' });
  await hypatia.arrive({ nickname: 'Hypatia' });
  await Promise.all([zeno.meets('Hypatia'), hypatia.meets('Zeno')]);
  const warning = zeno.page.locator('.notice');
  await warning.waitFor();
  expect(await warning.textContent()).toMatch(/^It has gone quiet\. In \d+ seconds? this conversation ends/);
  await zeno.shoot('silence');
  for (const visitor of [zeno, hypatia]) {
    await visitor.page.getByText(visitor.t.ended.reason.timeout('')).waitFor({ timeout: 30_000 });
    await visitor.leave();
  }
});

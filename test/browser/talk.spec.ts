import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { appendSilently } from '../support/append-silently.js';
import { openStage } from './stage.js';
import type { Stage } from './stage.js';
import { Visitor } from './visitor.js';

let stage: Stage;
let zeno: Visitor;
let hypatia: Visitor;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

beforeEach(async () => {
  [zeno, hypatia] = await Promise.all([Visitor.open(stage), Visitor.open(stage)]);
  await zeno.arrive({ nickname: 'Zeno', interests: ['the sea', 'philosophy'] });
  await hypatia.arrive({ nickname: 'Hypatia', age: '35-44', interests: ['the sea'] });
  await Promise.all([zeno.meets('Hypatia'), hypatia.meets('Zeno')]);
});
afterEach(async () => {
  await Promise.all([zeno.leave(), hypatia.leave()]);
});

describe('two strangers', () => {
  it('meet and talk, see what was seen, and what the other is doing', async () => {
    await zeno.page.locator('.opening li', { hasText: 'the sea' }).waitFor();
    expect(await zeno.page.locator('.opening li').count()).toBe(1);
    await zeno.say('Hello! You like the sea as well?');
    await hypatia.reads('Hello! You like the sea as well?');
    await zeno.page.getByTitle(zeno.t.talk.seen).waitFor();
    await hypatia.say('Since I was a child.\nAnd you?');
    await zeno.reads('Since I was a child.');
    await hypatia.field().pressSequentially('Do you');
    await zeno.page.getByText(zeno.t.talk.typing('Hypatia')).waitFor();
    await zeno.shoot('talk-desktop');
    const expected = [
      [1, 'you', 'Hello! You like the sea as well?'],
      [2, 'partner', 'Since I was a child.\nAnd you?'],
    ];
    expect(await zeno.messages()).toEqual(expected);
    expect(await hypatia.messages()).toEqual(
      expected.map(([seq, from, text]) => [seq, from === 'you' ? 'partner' : 'you', text]),
    );
  });

  it('see in the title of a tab out of sight how much they have not read', async () => {
    const show = (state: string) =>
      hypatia.page.evaluate((visibility) => {
        Object.defineProperty(document, 'visibilityState', { value: visibility, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    await show('hidden');
    await zeno.say('are you there?');
    await zeno.say('hello?');
    await hypatia.reads('hello?');
    expect(await hypatia.page.title()).toBe('(2) Zeno · Stoa');
    expect(await zeno.page.getByTitle(zeno.t.talk.seen).count()).toBe(0);
    await show('visible');
    await zeno.page.getByTitle(zeno.t.talk.seen).nth(1).waitFor();
    expect(await hypatia.page.title()).toBe('Zeno · Stoa');
  });

  it('find the same history after a reload in mid-conversation, and carry on', async () => {
    for (const text of ['one', 'two', 'three']) await zeno.say(text);
    await hypatia.say('four');
    await zeno.reads('four');
    await zeno.page.getByTitle(zeno.t.talk.seen).nth(2).waitFor();
    await zeno.field().fill('half a thought');
    const before = await zeno.messages();
    expect(before.map(([seq]) => seq)).toEqual([1, 2, 3, 4]);
    await zeno.page.reload();
    await zeno.meets('Hypatia');
    await zeno.reads('four');
    expect(await zeno.messages()).toEqual(before);
    expect(await zeno.field().inputValue()).toBe('half a thought');
    expect(await zeno.page.getByTitle(zeno.t.talk.seen).count()).toBe(3);
    await hypatia.say('five');
    await zeno.reads('five');
    await zeno.say('six');
    await hypatia.reads('six');
  });

  it('say goodbye when their page goes', async () => {
    const goodbyes = async (): Promise<number> =>
      Number(/reason="client namespace disconnect"\} (\d+)/.exec(await stage.api.metrics())?.[1] ?? 0);
    const before = await goodbyes();
    await zeno.page.goto('about:blank');
    await expect.poll(goodbyes).toBe(before + 1);
    await hypatia.page.getByText(hypatia.t.talk.reconnecting('Zeno')).first().waitFor();
  });

  it('live in one tab at a time, and can come back', async () => {
    await zeno.say('from the first tab');
    await hypatia.reads('from the first tab');
    const second = await zeno.openTab();
    await zeno.meets('Hypatia', second);
    await zeno.page.getByRole('heading', { name: zeno.t.elsewhere.title }).waitFor();
    await zeno.shoot('elsewhere');
    await zeno.say('from the second tab', second);
    await hypatia.reads('from the second tab');
    await zeno.button(zeno.t.elsewhere.useHere).click();
    await zeno.meets('Hypatia');
    await zeno.reads('from the second tab');
    await second.getByRole('heading', { name: zeno.t.elsewhere.title }).waitFor();
    await zeno.say('and back');
    await hypatia.reads('and back');
    expect((await hypatia.messages()).map(([seq]) => seq)).toEqual([1, 2, 3]);
  });

  it('part: one leaves for the next, the other is told, and meets somebody new', async () => {
    await zeno.say('farewell');
    await hypatia.reads('farewell');
    await zeno.page.getByRole('button', { name: zeno.t.talk.next }).click();
    await zeno.button(zeno.t.talk.leaveNext).click();
    await zeno.page.getByRole('heading', { name: zeno.t.search.title }).waitFor();
    await hypatia.page.getByText(hypatia.t.ended.reason.partner_left('Zeno')).waitFor();
    await hypatia.reads('farewell');
    await hypatia.shoot('ended');
    await hypatia.button(hypatia.t.ended.good).click();
    await hypatia.page.getByText(hypatia.t.ended.thanks).waitFor();
    const plato = await Visitor.open(stage);
    await plato.arrive({ nickname: 'Plato' });
    await Promise.all([zeno.meets('Plato'), plato.meets('Zeno')]);
    expect(await zeno.messages()).toEqual([]);
    await plato.leave();
  });

  it('read the last words also when nothing but the end was told of', async () => {
    await zeno.say('hello');
    await hypatia.reads('hello');
    const zenoId = await zeno.page.evaluate(async () => {
      const me = (await (await fetch('/api/v1/me')).json()) as { user: { id: string } };
      return me.user.id;
    });
    const postgres = new pg.Client({ connectionString: stage.databaseUrl });
    await postgres.connect();
    await appendSilently(postgres, zenoId, 'bye, it was good to meet you');
    await postgres.end();
    await zeno.page.getByRole('button', { name: zeno.t.talk.next }).click();
    await zeno.button(zeno.t.talk.leaveOnly).click();
    await hypatia.page.getByText(hypatia.t.ended.reason.partner_left('Zeno')).waitFor();
    await hypatia.reads('bye, it was good to meet you');
    await hypatia.shoot('ended-last-words');
    expect((await hypatia.messages()).map(([seq, from]) => [seq, from])).toEqual([
      [1, 'partner'],
      [2, 'partner'],
    ]);
  });

  it('lose nothing when the server dies: what was written meanwhile arrives once, in order', async () => {
    await zeno.say('before');
    await hypatia.reads('before');
    await stage.api.stop('SIGKILL');
    await zeno.page.getByText(zeno.t.connection.reconnecting).waitFor();
    for (const text of ['first in the dark', 'second in the dark']) await zeno.say(text);
    await zeno.page.locator('.bubble.pending').nth(1).waitFor();
    await zeno.shoot('reconnecting');
    await stage.api.start();
    await hypatia.reads('second in the dark');
    await zeno.reads('second in the dark');
    await hypatia.say('after');
    await zeno.reads('after');
    expect((await zeno.messages()).map(([seq, , text]) => `${seq} ${text}`)).toEqual([
      '1 before',
      '2 first in the dark',
      '3 second in the dark',
      '4 after',
    ]);
    expect(await zeno.page.locator('.bubble.pending').count()).toBe(0);
  });

  it('are told when the other has lost the connection, for how long, and when they are back', async () => {
    await hypatia.page.goto('about:blank');
    const away = zeno.page.locator('.notice.away');
    await away.waitFor();
    expect(await away.textContent()).toMatch(/Hypatia lost the connection\. We wait \d+ s more\./);
    await zeno.shoot('partner-reconnecting');
    await hypatia.page.goto(stage.origin);
    await hypatia.meets('Zeno');
    await away.waitFor({ state: 'detached' });
  });

  it('see text as text, and are asked before a link opens', async () => {
    const attack = '<img src=x onerror="complain(1)"> **bold** javascript:alert(1)';
    await zeno.say(attack);
    await hypatia.reads('<img src=x');
    expect((await hypatia.messages())[0]?.[2]).toBe(attack);
    expect(await hypatia.page.locator('.bubble img, .bubble [role=button]').count()).toBe(0);
    await zeno.say('look: https://example.org/a?b=c.');
    await hypatia.page.getByRole('button', { name: hypatia.t.link.label('https://example.org/a?b=c') }).click();
    const open = hypatia.page.getByRole('link', { name: hypatia.t.link.open });
    expect(await open.getAttribute('href')).toBe('https://example.org/a?b=c');
    expect(await open.getAttribute('rel')).toBe('noopener noreferrer nofollow');
    await hypatia.shoot('link-warning');
    await hypatia.page.keyboard.press('Escape');
    await hypatia.field().waitFor();
    expect(hypatia.context.pages()).toHaveLength(1);
  });

  it('can report the other with a message, and block them for ever', async () => {
    const { t, page } = hypatia;
    await zeno.say('something vile');
    await hypatia.reads('something vile');
    await hypatia.button(t.talk.more).click();
    await hypatia.button(t.talk.report).click();
    await page.getByRole('radio', { name: t.report.reasons.hate }).check();
    await page.getByRole('checkbox', { name: 'something vile' }).check();
    await hypatia.shoot('report');
    await hypatia.button(t.report.confirm).click();
    await page.getByText(/Receipt: \S+/).waitFor();
    await hypatia.button(t.close).click();
    await hypatia.button(t.talk.more).click();
    await hypatia.button(t.talk.block).click();
    await page.getByRole('dialog').getByRole('button', { name: t.block.confirm }).click();
    await page.getByText(t.ended.blocked('Zeno')).waitFor();
    await zeno.page.getByRole('heading', { name: zeno.t.ended.title }).waitFor();
    expect(await zeno.page.locator('body').textContent()).not.toMatch(/block(ed)? you|reported/i);
    await hypatia.button(t.ended.done).click();
    await page.getByRole('link', { name: t.nav.account }).click();
    await page.getByRole('button', { name: t.account.unblockLabel('Zeno') }).waitFor();
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_PATHS } from '../../src/contracts/client-paths.js';
import { openStage } from './stage.js';
import type { Stage } from './stage.js';
import { PHONE, Visitor } from './visitor.js';

let stage: Stage;
const visitors: Visitor[] = [];

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const visit: (options?: Parameters<typeof Visitor.open>[1]) => Promise<Visitor> = async (options) => {
  const visitor = await Visitor.open(stage, options);
  visitors.push(visitor);
  return visitor;
};
afterEach(async () => {
  const all = visitors.splice(0);
  await Promise.all(all.map((visitor) => visitor.leave()));
});

/** For what is read again and again: as long as a slow machine may need. */
const PATIENCE = { timeout: 15_000 };

/** How many pixels the page is wider than the window. */
const overflow = ({ page }: Visitor): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe('the way in', () => {
  it('asks for what it needs, in words, and lets nobody in who is not an adult', async () => {
    const visitor = await visit();
    await visitor.shoot('arrive-desktop');
    await visitor.button(visitor.t.arrive.go).click();
    await visitor.page.getByText(visitor.t.arrive.ageNeeded).waitFor();
    await visitor.page.getByRole('radio', { name: visitor.t.ageBand('45-54') }).check();
    await visitor.button(visitor.t.arrive.go).click();
    await visitor.page.getByText(visitor.t.arrive.adultNeeded).waitFor();
    expect(await visitor.context.cookies()).toEqual([]);
  });

  it('waits honestly, and stops when told; next time it takes one click', async () => {
    const visitor = await visit();
    await visitor.arrive({ nickname: 'Solon' });
    await visitor.page.getByText(visitor.t.search.pool.few).waitFor();
    await expect.poll(() => visitor.page.locator('.clock').textContent(), PATIENCE).toMatch(/0:0[2-9]/);
    await visitor.shoot('search-desktop');
    await visitor.button(visitor.t.search.cancel).click();
    await visitor.page.getByRole('heading', { name: visitor.t.arrive.welcomeBack('Solon') }).waitFor();
    await visitor.page.reload();
    await visitor.button(visitor.t.arrive.go).click();
    await visitor.page.getByRole('heading', { name: visitor.t.search.title }).waitFor();
    await visitor.button(visitor.t.search.cancel).click();
    await visitor.button(visitor.t.arrive.change).waitFor();
  });

  it('resumes a search after a reload', async () => {
    const visitor = await visit();
    await visitor.arrive({ nickname: 'Thales' });
    await expect.poll(() => visitor.page.locator('.clock').textContent(), PATIENCE).toMatch(/0:0[2-9]/);
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: visitor.t.search.title }).waitFor();
    await expect.poll(() => visitor.page.locator('.clock').textContent(), PATIENCE).toMatch(/0:0[2-9]/);
    await visitor.button(visitor.t.search.cancel).click();
    await visitor.button(visitor.t.arrive.change).waitFor();
  });
});

describe('without a mouse', () => {
  it('one arrives, talks and moves on by the keyboard alone', async () => {
    const [typist, partner] = [await visit(), await visit()];
    const { keyboard } = typist.page;
    const focus = () =>
      typist.page.evaluate(
        () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent,
      );
    const tabTo = async (selector: string) => {
      for (let presses = 0; presses < 40; presses++) {
        await keyboard.press('Tab');
        if (await typist.page.evaluate((css) => document.activeElement?.matches(css), selector)) return;
      }
      throw new Error(`Tab does not lead to ${selector}`);
    };
    await typist.page.locator('form.profile').waitFor();
    await tabTo('input[autocomplete=nickname]');
    await keyboard.type('Typist');
    await tabTo('input[type=radio]');
    await keyboard.press('Space');
    await keyboard.press('ArrowRight');
    await tabTo('input[autocomplete=off]');
    await keyboard.type('ink');
    await keyboard.press('Enter');
    await tabTo('section .check input');
    await keyboard.press('Space');
    await tabTo('footer .check input');
    await keyboard.press('Space');
    await keyboard.press('Enter');
    await typist.page.getByRole('heading', { name: typist.t.search.title }).waitFor();
    await partner.arrive({ nickname: 'Partner', interests: ['ink'] });
    await typist.meets('Partner');
    await expect.poll(focus, PATIENCE).toBe(typist.t.talk.messageLabel('Partner'));
    await keyboard.type('no mouse here');
    await keyboard.press('Enter');
    await partner.reads('no mouse here');
    await keyboard.press('Escape');
    await expect.poll(focus, PATIENCE).toBe(typist.t.talk.leaveNext);
    await typist.shoot('move-on');
    await keyboard.press('Escape');
    await expect.poll(focus, PATIENCE).toBe(typist.t.talk.messageLabel('Partner'));
    await keyboard.press('Escape');
    await keyboard.press('Enter');
    await typist.page.getByRole('heading', { name: typist.t.search.title }).waitFor();
    await partner.page.getByText(partner.t.ended.reason.partner_left('Typist')).waitFor();
    await typist.button(typist.t.search.cancel).click();
  });
});

describe('on a phone, in Greek', () => {
  it('fits, speaks Greek throughout, and works by touch', async () => {
    const [eleni, other] = [
      await visit({ ...PHONE, language: 'el', colorScheme: 'dark' }),
      await visit({ ...PHONE, language: 'el', colorScheme: 'light' }),
    ];
    expect(await eleni.page.evaluate(() => document.documentElement.lang)).toBe('el');
    await eleni.shoot('arrive-phone-greek');
    expect(await overflow(eleni)).toBe(0);
    await eleni.arrive({ nickname: 'Ελένη', interests: ['θάλασσα'] });
    await eleni.page.getByRole('heading', { name: eleni.t.search.title }).waitFor();
    await other.arrive({ nickname: 'Νίκος', interests: ['θάλασσα'] });
    await Promise.all([eleni.meets('Νίκος'), other.meets('Ελένη')]);
    await eleni.say('Καλησπέρα! Τι θάλασσα έχεις κοντά σου;');
    await other.reads('Καλησπέρα!');
    await other.say('Το Αιγαίο, πάντα. Εκεί που δεν σταματά ποτέ ο αέρας.');
    await eleni.reads('Το Αιγαίο');
    await eleni.page.getByTitle(eleni.t.talk.seen).waitFor();
    await eleni.shoot('talk-phone-greek');
    await other.shoot('talk-phone-greek-light');
    expect(await overflow(eleni)).toBe(0);
    await eleni.button(eleni.t.talk.more).tap();
    await eleni.button(eleni.t.talk.leave).tap();
    await eleni.button(eleni.t.talk.leaveOnly).tap();
    await eleni.page.getByText(eleni.t.ended.reason.you_left('Νίκος')).waitFor();
    await other.page.getByText(other.t.ended.reason.partner_left('Ελένη')).waitFor();
  });

  it('changes its language when asked, and remembers', async () => {
    const visitor = await visit();
    await visitor.button('Ελληνικά').click();
    await visitor.page.getByRole('heading', { name: 'Γνώρισε έναν άγνωστο' }).waitFor();
    await visitor.page.reload();
    await visitor.page.getByRole('heading', { name: 'Γνώρισε έναν άγνωστο' }).waitFor();
    expect(await visitor.page.evaluate(() => document.documentElement.lang)).toBe('el');
  });
});

it('the client is small: at most 60 KB of JavaScript, compressed', async () => {
  const folder = 'dist/web/assets';
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'));
  const sizes = await Promise.all(scripts.map(async (name) => gzipSync(await readFile(join(folder, name))).length));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(60_000);
});

describe('every page', () => {
  it.each(CLIENT_PATHS)('%s is served under the strict policy, names itself and fits a phone', async (path) => {
    const visitor = await visit(PHONE);
    const response = await visitor.page.goto(stage.origin + path);
    expect(response?.headers()['content-security-policy']).toContain("require-trusted-types-for 'script'");
    const heading = visitor.page.getByRole('heading', { level: 1 });
    await heading.waitFor();
    expect(await visitor.page.getByRole('main').count()).toBe(1);
    expect(await visitor.page.title()).toContain('Stoa');
    expect(await overflow(visitor)).toBe(0);
  });

  it('takes the token of a mail link out of the address bar at once', async () => {
    const visitor = await visit();
    await visitor.page.goto(`${stage.origin}/confirm#token=secret-of-the-mail`);
    await visitor.button(visitor.t.member.confirm).waitFor();
    expect(visitor.page.url()).toBe(`${stage.origin}/confirm`);
    await visitor.page.goBack();
    expect(visitor.page.url()).not.toContain('secret');
  });

  it('makes a guest a copy of everything, which is offered also after a reload, and downloads it', async () => {
    const visitor = await visit();
    const { t, page } = visitor;
    await visitor.arrive({ nickname: 'Solon', interests: ['laws'] });
    await visitor.button(t.search.cancel).click();
    await page.getByRole('link', { name: t.nav.account }).click();
    await visitor.button(t.account.exportAsk).click();
    const link = page.getByRole('link', { name: t.account.exportReady });
    await link.waitFor();
    await page.reload();
    await link.waitFor();
    expect(await visitor.button(t.account.exportAsk).count()).toBe(0);
    await link.scrollIntoViewIfNeeded();
    await visitor.shoot('account-export');
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toBe('stoa-export.json');
    expect(await readFile(await download.path(), 'utf8')).toContain('laws');
  });

  it('lists the sessions of a guest, and signs out', async () => {
    const visitor = await visit();
    await visitor.arrive({ nickname: 'Solon' });
    await visitor.button(visitor.t.search.cancel).click();
    await visitor.page.getByRole('link', { name: visitor.t.nav.account }).click();
    await visitor.page.getByText(visitor.t.account.thisSession).waitFor();
    await visitor.shoot('account');
    await visitor.button(visitor.t.account.signOut).click();
    await visitor.page.getByRole('heading', { name: visitor.t.arrive.title }).waitFor();
    expect(await visitor.context.cookies()).toEqual([]);
  });
});

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openStage } from './stage.js';
import type { Stage } from './stage.js';
import { Visitor } from './visitor.js';

const PASSWORD = 'four columns and a roof';
const OTHER_PASSWORD = 'seven columns and no roof';

let stage: Stage;
let visitor: Visitor;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());
afterEach(() => visitor.leave());

const findMail = async (kind: string, to: string): Promise<string | undefined> => {
  const names = await readdir(stage.mailFolder).catch(() => []);
  const name = names.find((each) => each.includes(kind) && each.includes(to) && each.endsWith('.eml'));
  return name && readFile(join(stage.mailFolder, name), 'utf8');
};

/** The link in the mail of this kind to this address, once it is there. */
const linkFor = async (kind: string, to: string): Promise<string> => {
  await expect.poll(() => findMail(kind, to), { timeout: 15_000 }).toContain('#token=');
  return /http\S+#token=\S+/.exec((await findMail(kind, to)) ?? '')?.[0] ?? '';
};

const fillIn = async (label: string, text: string): Promise<void> =>
  visitor.page.getByLabel(label, { exact: true }).fill(text);

/** Registers a new guest as a member and follows the mail. */
const becomeMember = async (email: string): Promise<void> => {
  const { t, page } = visitor;
  await visitor.arrive({ nickname: 'Diotima', interests: ['love'] });
  await visitor.button(t.search.cancel).click();
  await page.getByRole('link', { name: t.nav.account }).click();
  await page.getByRole('link', { name: t.nav.register }).click();
  await fillIn(t.member.email, email);
  await fillIn(t.member.newPassword, PASSWORD);
  await visitor.button(t.member.register).click();
  await page.getByText(t.member.mailSent).waitFor();
  await page.goto(await linkFor('confirm-registration', email));
  await visitor.button(t.member.confirm).click();
  await page.getByText(t.member.confirmed).waitFor();
};

const signIn = async (email: string, password: string): Promise<void> => {
  await fillIn(visitor.t.member.email, email);
  await fillIn(visitor.t.member.password, password);
  await visitor.button(visitor.t.member.signIn).click();
};

describe('a member', () => {
  it('keeps the guest’s profile, signs out and in again', async () => {
    visitor = await Visitor.open(stage);
    const { t, page } = visitor;
    await becomeMember('diotima@example.org');
    await page.getByRole('link', { name: t.member.go }).click();
    await page.getByRole('heading', { name: t.arrive.welcomeBack('Diotima') }).waitFor();
    await page.getByRole('link', { name: t.nav.account }).click();
    await page.getByText(t.account.memberAs('diotima@example.org')).waitFor();
    await visitor.button(t.account.signOut).click();
    await page.getByRole('link', { name: t.nav.signIn }).click();
    await signIn('diotima@example.org', 'not the password');
    await page.getByText(t.errors.LOGIN_FAILED).waitFor();
    await visitor.shoot('sign-in');
    await signIn('diotima@example.org', PASSWORD);
    await page.getByRole('heading', { name: t.arrive.welcomeBack('Diotima') }).waitFor();
    await page.getByText('love').waitFor();
    expect(page.url()).toBe(`${stage.origin}/`);
  });

  it('who forgot the password sets a new one by mail, once', async () => {
    visitor = await Visitor.open(stage);
    const { t, page } = visitor;
    await becomeMember('aspasia@example.org');
    await page.goto(`${stage.origin}/reset`);
    await fillIn(t.member.email, 'aspasia@example.org');
    await visitor.button(t.member.resetAsk).click();
    await page.getByText(t.member.mailSent).waitFor();
    const link = await linkFor('reset-password', 'aspasia@example.org');
    await page.goto(link);
    await visitor.button(t.member.resetSet).waitFor();
    expect(page.url()).toBe(`${stage.origin}/reset`);
    await fillIn(t.member.newPassword, OTHER_PASSWORD);
    await visitor.button(t.member.resetSet).click();
    await page.getByText(t.member.resetDone).waitFor();
    await page.goto(`${stage.origin}/sign-in`);
    await signIn('aspasia@example.org', OTHER_PASSWORD);
    await page.getByRole('heading', { name: t.arrive.welcomeBack('Diotima') }).waitFor();
    await page.goto(link);
    await fillIn(t.member.newPassword, PASSWORD);
    await visitor.button(t.member.resetSet).click();
    await page.getByText(t.errors.TOKEN_INVALID).waitFor();
  });

  it('moves to another address by a mail to it', async () => {
    visitor = await Visitor.open(stage);
    const { t, page } = visitor;
    await becomeMember('old@example.org');
    await page.getByRole('link', { name: t.nav.account }).click();
    await page.getByRole('link', { name: t.account.changeEmail }).click();
    await fillIn(t.member.newEmail, 'new@example.org');
    await fillIn(t.member.currentPassword, PASSWORD);
    await visitor.button(t.account.changeEmail).click();
    await page.getByText(t.member.mailSent).waitFor();
    await page.goto(await linkFor('confirm-email-change', 'new@example.org'));
    await visitor.button(t.member.confirm).click();
    await page.getByText(t.member.emailChangeDone).waitFor();
    await page.getByRole('link', { name: t.nav.account }).click();
    await page.getByText(t.account.memberAs('new@example.org')).waitFor();
    expect(await findMail('email-change', 'old@example.org')).not.toContain('#token=');
  });
});

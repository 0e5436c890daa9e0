import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { CATALOGUES } from '../../web/app/language.js';
import type { Language } from '../../web/app/language.js';
import type { Catalogue } from '../../web/app/messages.en.js';
import type { Stage } from './stage.js';

const SHOTS = fileURLToPath(new URL('../../.artifacts/screenshots/', import.meta.url));
mkdirSync(SHOTS, { recursive: true });

const DESKTOP: BrowserContextOptions = { locale: 'en-GB', viewport: { width: 1180, height: 800 } };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 780 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

export interface ProfileAnswers {
  nickname: string;
  age?: string;
  interests?: string[];
}

/** Somebody at a browser of their own. Every complaint of that browser is kept, and a test has to find none. */
export class Visitor {
  /** Policy violations, uncaught errors and console errors of every page that was opened. */
  private readonly complaints: string[] = [];
  readonly t: Catalogue;
  page!: Page;

  private constructor(
    private readonly stage: Stage,
    readonly context: BrowserContext,
    language: Language,
  ) {
    this.t = CATALOGUES[language];
  }

  static async open(
    stage: Stage,
    { language = 'en', ...options }: BrowserContextOptions & { language?: Language } = {},
  ): Promise<Visitor> {
    const context = await stage.browser.newContext({
      ...DESKTOP,
      ...(language === 'el' && { locale: 'el-GR' }),
      ...options,
    });
    const visitor = new Visitor(stage, context, language);
    await context.exposeFunction('complain', (text: string) => visitor.complaints.push(text));
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        (window as unknown as { complain(text: string): void }).complain(
          `policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
        );
      });
    });
    visitor.page = await visitor.openTab();
    return visitor;
  }

  /** Another tab of the same browser. */
  async openTab(path = '/'): Promise<Page> {
    const page = await this.context.newPage();
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => this.complaints.push(`uncaught: ${error.message}`));
    page.on('console', (message) => {
      // A browser reports every refused request and broken socket as an error of its own; the client handles those.
      const isNetwork = /Failed to load resource|WebSocket connection to/.test(message.text());
      if (message.type() === 'error' && !isNetwork) this.complaints.push(`console: ${message.text()}`);
    });
    await page.goto(this.stage.origin + path);
    return page;
  }

  button(name: string, page = this.page): Locator {
    return page.getByRole('button', { name, exact: true });
  }

  /** Fills the form and asks for a partner. */
  async arrive({ nickname, age = '25-34', interests = [] }: ProfileAnswers): Promise<void> {
    const { arrive } = this.t;
    await this.page.getByLabel(arrive.nickname).fill(nickname);
    await this.page
      .getByRole('group', { name: arrive.age, exact: true })
      .first()
      .getByRole('radio', { name: this.t.ageBand(age) })
      .check();
    for (const interest of interests) {
      await this.page.getByLabel(arrive.interests).fill(interest);
      await this.page.getByLabel(arrive.interests).press('Enter');
    }
    await this.page.getByRole('checkbox', { name: arrive.adult }).check();
    await this.button(arrive.go).click();
  }

  field(page = this.page): Locator {
    return page.locator('.composer textarea');
  }

  /** Waits until the conversation with `nickname` is on the screen. */
  async meets(nickname: string, page = this.page): Promise<void> {
    const heading = page.getByRole('heading', { level: 1, name: nickname, exact: true });
    await heading.waitFor().catch(async (error: Error) => {
      throw new Error(`${error.message}\nThe screen says: ${await page.locator('main').innerText()}`);
    });
    await this.field(page).waitFor();
  }

  async say(text: string, page = this.page): Promise<void> {
    await this.field(page).fill(text);
    await this.button(this.t.talk.send, page).click();
  }

  /** Waits until a message with this text has its place in the conversation. */
  async reads(text: string, page = this.page): Promise<void> {
    await page.locator('.bubble[data-seq]', { hasText: text }).waitFor();
  }

  /** All messages that have their place, in the order of the screen: [seq, whose, text]. */
  messages(page = this.page): Promise<[number, string, string][]> {
    return page
      .locator('.bubble[data-seq]')
      .evaluateAll((bubbles) =>
        bubbles.map((bubble) => [
          Number(bubble.getAttribute('data-seq')),
          bubble.classList.contains('own') ? 'you' : 'partner',
          bubble.querySelector('.text')?.textContent ?? '',
        ]),
      );
  }

  async shoot(name: string, page = this.page): Promise<void> {
    await page.screenshot({ path: join(SHOTS, `${name}.png`) });
  }

  /** Closes the browser; fails when it had anything to complain about. */
  async leave(): Promise<void> {
    await this.context.close();
    if (this.complaints.length > 0) throw new Error(`the browser complained:\n${this.complaints.join('\n')}`);
  }
}

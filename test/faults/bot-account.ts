import { setTimeout as sleep } from 'node:timers/promises';

/** Where the bots of a run find the deployment. */
export interface Target {
  /** One per api process (or one for all, behind a balancer). */
  urls: string[];
  origin: string;
}

interface Answer {
  status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- JSON of whatever answered
  body: any;
}

/** Messages of one answer: few, so that most conversations take several, and what is said of the rest is put to use. */
const PAGE = 20;

/** The HTTP side of a bot: a cookie, a CSRF token, and patience. */
export class BotAccount {
  cookie = '';
  csrfToken = '';
  userId = '';

  constructor(
    private readonly target: Target,
    private readonly pickUrl: () => string,
  ) {}

  /** Becomes a guest; tries until it works. */
  async signIn(nickname: string, interests: string[]): Promise<void> {
    const body = { adult: true, nickname, ageBand: '25-34', languages: ['en'], interests };
    await this.insist('GET', '/csrf');
    const { body: me } = await this.insist('POST', '/guests', body);
    this.userId = me.user.id;
  }

  /** Everything in a conversation; undefined when there is no such conversation for this user. */
  async readAll(handle: string): Promise<{ seq: number; from: 'you' | 'partner'; text: string }[] | undefined> {
    const all: { seq: number; from: 'you' | 'partner'; text: string }[] = [];
    for (;;) {
      const path = `/conversations/${handle}/messages?after=${all.at(-1)?.seq ?? 0}&limit=${PAGE}`;
      const { status, body } = await this.insist('GET', path, undefined, [404]);
      if (status === 404) return undefined;
      all.push(...body.messages.map(({ seq, from, text }: (typeof all)[number]) => ({ seq, from, text })));
      if (body.complete) return all;
      if (body.messages.length === 0) throw new Error(`an empty page of ${handle} is not complete`);
    }
  }

  /** Passing faults are waited out for a minute. */
  private async insist(method: string, path: string, body?: unknown, expected: number[] = []): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.ask(method, path, body).catch(() => undefined);
      if (answer && (answer.status < 300 || expected.includes(answer.status))) return answer;
      const isFinal = answer && answer.status < 500 && answer.status !== 429;
      if (isFinal || attempt >= 60) throw new Error(`${method} ${path}: ${answer?.status} ${answer?.body?.code}`);
      await sleep(1_000);
    }
  }

  private async ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.pickUrl()}/api/v1${path}`, {
      method,
      signal: AbortSignal.timeout(10_000),
      headers: {
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...(method === 'GET' ? {} : { origin: this.target.origin, 'x-csrf-token': this.csrfToken }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const [cookie] = response.headers.getSetCookie();
    if (cookie) this.cookie = cookie.split(';')[0] ?? '';
    const text = await response.text();
    const parsed = text ? JSON.parse(text) : undefined;
    if (parsed?.csrfToken) this.csrfToken = parsed.csrfToken;
    return { status: response.status, body: parsed };
  }
}

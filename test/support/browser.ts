import { ORIGIN } from './auth-app.js';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  body: any;
}

interface Ask {
  body?: unknown;
  headers?: Record<string, string | undefined>;
}

/** Keeps one cookie and one CSRF token, as the web client does. */
export class Browser {
  cookie = '';
  csrfToken = '';

  constructor(readonly url: string) {}

  get(path: string, ask: Ask = {}): Promise<Answer> {
    return this.ask('GET', path, ask);
  }

  post(path: string, body?: unknown, headers: Ask['headers'] = {}): Promise<Answer> {
    return this.ask('POST', path, { body, headers });
  }

  async ask(method: string, path: string, { body, headers = {} }: Ask): Promise<Answer> {
    const sent = {
      origin: method === 'GET' ? undefined : ORIGIN,
      cookie: this.cookie || undefined,
      'x-csrf-token': method === 'GET' ? undefined : this.csrfToken || undefined,
      'content-type': body === undefined ? undefined : 'application/json',
      ...headers,
    };
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: Object.fromEntries(Object.entries(sent).filter((entry): entry is [string, string] => !!entry[1])),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: text ? JSON.parse(text) : undefined,
    };
    const [set] = response.headers.getSetCookie();
    if (set) this.cookie = set.includes('Max-Age=0') ? '' : (set.split(';')[0] ?? '');
    if (answer.body?.csrfToken) this.csrfToken = answer.body.csrfToken;
    return answer;
  }

  /** A pre-session with its token. */
  async arrive(): Promise<this> {
    await this.get('/csrf');
    return this;
  }

  async becomeGuest(profile: object = {}): Promise<Answer> {
    if (!this.csrfToken) await this.arrive();
    return this.post('/guests', { ...aGuest, ...profile });
  }
}

/** The least that makes a guest. */
export const aGuest = { adult: true, ageBand: '25-34', languages: ['en'], interests: [] };

import type {
  AskPasswordReset,
  ChangeEmail,
  ConfirmPasswordReset,
  Register,
  SignIn,
  UseToken,
} from '../../src/contracts/account.dto.js';
import type { Problem } from '../../src/contracts/error-codes.js';
import type { CsrfToken, Me, SessionList } from '../../src/contracts/http.dto.js';
import type { ExportStatus } from '../../src/contracts/privacy.dto.js';
import type { CreateGuest, Profile, UpdateProfile } from '../../src/contracts/profile.dto.js';
import type { BlockList, ReportConversation, ReportReceipt } from '../../src/contracts/safety.dto.js';
import type { MessagePage } from '../../src/contracts/state.dto.js';
import type { CookieJar } from './cookie-jar.js';
import { offline, StoaError } from './stoa-error.js';

const TIMEOUT_MS = 10_000;

export interface HttpOptions {
  /** Origin of the server, without a slash at the end; empty: the page's own. */
  baseUrl: string;
  fetch?: typeof fetch;
  /** Only where no browser keeps cookies. */
  cookies?: CookieJar;
  /** The `Origin` to name; a browser names its own. */
  origin?: string;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The HTTP half of the contract. Fetches and renews the CSRF token by itself. Every method throws StoaError. */
export class HttpApi {
  csrfToken = '';
  /** Server clock minus own clock, in ms; from the `Date` header, so exact to a second. */
  clockSkewMs = 0;

  constructor(private readonly options: HttpOptions) {}

  async renewCsrf(): Promise<void> {
    this.csrfToken = (await this.send<CsrfToken>('GET', '/csrf')).csrfToken;
  }

  createGuest = (profile: Profile): Promise<Me> =>
    this.sign('POST', '/guests', { ...profile, adult: true } satisfies CreateGuest);
  signIn = (email: string, password: string): Promise<Me> =>
    this.sign('POST', '/sessions', { email, password } satisfies SignIn);
  confirmRegistration = (token: string): Promise<Me> =>
    this.sign('POST', '/registrations/confirm', { token } satisfies UseToken);
  me = (): Promise<Me> => this.sign('GET', '/me');
  updateMe = (change: UpdateProfile): Promise<Me> => this.sign('PATCH', '/me', change);

  register = (email: string, password: string): Promise<void> =>
    this.guarded('POST', '/registrations', { email, password } satisfies Register);
  askPasswordReset = (email: string): Promise<void> =>
    this.guarded('POST', '/password-resets', { email } satisfies AskPasswordReset);
  resetPassword = (token: string, password: string): Promise<void> =>
    this.guarded('POST', '/password-resets/confirm', { token, password } satisfies ConfirmPasswordReset);
  askEmailChange = (email: string, password: string): Promise<void> =>
    this.guarded('POST', '/email-changes', { email, password } satisfies ChangeEmail);
  confirmEmailChange = (token: string): Promise<void> =>
    this.guarded('POST', '/email-changes/confirm', { token } satisfies UseToken);

  sessions = (): Promise<SessionList> => this.send('GET', '/sessions');
  endSession = (id: string): Promise<void> => this.guarded('DELETE', `/sessions/${encodeURIComponent(id)}`);
  /** Ends this session; the old token is worthless afterwards. */
  async signOut(): Promise<void> {
    await this.guarded('DELETE', '/sessions/current');
    this.csrfToken = '';
  }
  async deleteMe(): Promise<void> {
    await this.guarded('DELETE', '/me');
    this.csrfToken = '';
  }
  askExport = (): Promise<void> => this.guarded('POST', '/me/export', {});
  exportStatus = (): Promise<ExportStatus> => this.send('GET', '/me/export');

  messages = (conversationId: string, after: number, limit: number): Promise<MessagePage> =>
    this.send('GET', `${conversationPath(conversationId)}/messages?after=${after}&limit=${limit}`);
  block = (conversationId: string): Promise<void> => this.guarded('POST', `${conversationPath(conversationId)}/block`);
  report = (conversationId: string, report: ReportConversation): Promise<ReportReceipt> =>
    this.guarded('POST', `${conversationPath(conversationId)}/reports`, report);
  blocks = (): Promise<BlockList> => this.send('GET', '/blocks');
  unblock = (id: string): Promise<void> => this.guarded('DELETE', `/blocks/${encodeURIComponent(id)}`);

  /** A request whose answer is `Me`: takes over the new CSRF token. */
  private async sign(method: Method, path: string, body?: object): Promise<Me> {
    const me = await (method === 'GET' ? this.send<Me>(method, path) : this.guarded<Me>(method, path, body));
    this.csrfToken = me.csrfToken;
    return me;
  }

  /** An unsafe request: with a token, and once more with a fresh one when the old one had gone stale. */
  private async guarded<T = void>(method: Method, path: string, body?: object): Promise<T> {
    if (this.csrfToken === '') await this.renewCsrf();
    try {
      return await this.send<T>(method, path, body);
    } catch (error) {
      if (!(error instanceof StoaError) || error.code !== 'CSRF_INVALID') throw error;
      await this.renewCsrf();
      return this.send<T>(method, path, body);
    }
  }

  private async send<T>(method: Method, path: string, body?: object): Promise<T> {
    const request = this.options.fetch ?? fetch;
    const response = await request(`${this.options.baseUrl}/api/v1${path}`, {
      method,
      headers: this.headers(method, body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body && { body: JSON.stringify(body) }),
    }).catch(() => {
      throw offline();
    });
    this.options.cookies?.store(response.headers.getSetCookie());
    this.readClock(response);
    const text = await response.text().catch(() => {
      throw offline();
    });
    if (!response.ok) throw refusal(response.status, text);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  private headers(method: Method, body: object | undefined): Record<string, string> {
    const cookie = this.options.cookies?.header() ?? '';
    return {
      accept: 'application/json',
      ...(body && { 'content-type': 'application/json' }),
      ...(method !== 'GET' && { 'x-csrf-token': this.csrfToken }),
      ...(cookie !== '' && { cookie }),
      ...(this.options.origin !== undefined && { origin: this.options.origin }),
    };
  }

  private readClock(response: Response): void {
    const serverTime = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(serverTime)) this.clockSkewMs = serverTime + 500 - Date.now();
  }
}

const conversationPath = (conversationId: string): string => `/conversations/${encodeURIComponent(conversationId)}`;

/** The problem document as an error; an answer that is none (a proxy's page) counts as unavailable. */
const refusal = (status: number, text: string): StoaError => {
  try {
    const problem = JSON.parse(text) as Problem;
    const retryable = status === 429 || status === 503;
    return new StoaError({ ...problem, message: problem.detail, retryable });
  } catch {
    return new StoaError({ code: 'UNAVAILABLE', message: `HTTP ${status}`, retryable: true });
  }
};

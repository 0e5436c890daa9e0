import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import type { Socket } from 'socket.io';
import { ERROR_CODES } from '../../src/contracts/error-codes.js';
import type { ErrorCode } from '../../src/contracts/error-codes.js';
import type { MessagePage, State } from '../../src/contracts/state.dto.js';

/** What the scripted server answers to an event; undefined: nothing, for ever. */
export type Script = (payload: never, socket: Socket) => unknown;

/** A real Socket.IO server that does what a test tells it to, to hold the client library to its rules. */
export class ScriptedServer {
  /** Every client event in the order of arrival. */
  readonly heard: { event: string; payload: Record<string, unknown> }[] = [];
  readonly scripts: Record<string, Script> = {};
  /** Sent as `session:ready` on every connection. */
  state: State = { state: 'idle', user };
  /** When set, the next handshakes are refused with it as `err.data`. */
  refusal: { code: string; retryAfterMs?: number } | undefined;
  signedIn = true;
  handshakes = 0;
  /** Every `GET /conversations/:id/messages`, as `id?after=…&limit=…`, in the order of arrival. */
  readonly pagesAsked: string[] = [];
  /** What they are answered with; an error code makes it a refusal. */
  pageOf: (conversationId: string, after: number, limit: number) => MessagePage | ErrorCode = () => 'NOT_FOUND';
  private readonly http = createServer((request, response) => {
    const [status, body] = this.answer(request.url ?? '');
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  private readonly io = new Server(this.http, { transports: ['websocket'], serveClient: false });

  async start(): Promise<string> {
    this.io.use((_socket, next) => {
      this.handshakes++;
      next(this.refusal && Object.assign(new Error(this.refusal.code), { data: this.refusal }));
    });
    this.io.on('connection', (socket) => {
      socket.emit('session:ready', this.state);
      socket.onAny((event: string, payload: Record<string, unknown>, ack: (answer: unknown) => void) => {
        this.heard.push({ event, payload });
        const data = this.scripts[event]?.(payload as never, socket);
        if (data !== undefined) ack({ ok: true, data });
      });
    });
    await new Promise<void>((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  emit(event: string, payload: unknown): void {
    this.io.emit(event, payload);
  }

  /** Cuts every connection, as a crash would. */
  cut(): void {
    for (const socket of this.io.sockets.sockets.values()) socket.conn.close();
  }

  stop(): Promise<void> {
    return this.io.close();
  }

  private answer(url: string): [status: number, body: object] {
    if (!this.signedIn) return refused('UNAUTHENTICATED');
    if (url.endsWith('/me')) return [200, { user, csrfToken: 'token' }];
    const [, id = '', query = ''] = /\/conversations\/([^/]+)\/messages\?(.*)$/.exec(url) ?? [];
    if (id === '') return refused('NOT_FOUND');
    this.pagesAsked.push(`${id}?${query}`);
    const asked = new URLSearchParams(query);
    const page = this.pageOf(id, Number(asked.get('after')), Number(asked.get('limit')));
    return typeof page === 'string' ? refused(page) : [200, page];
  }

  heardOf(event: string): Record<string, unknown>[] {
    return this.heard.filter((each) => each.event === event).map((each) => each.payload);
  }
}

const user: State['user'] = { id: 'u', kind: 'guest', profile: { ageBand: '25-34', languages: ['el'], interests: [] } };

const refused = (code: ErrorCode): [number, object] => [ERROR_CODES[code].status, { code, detail: '' }];

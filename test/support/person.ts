import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import type { Profile } from '../../src/contracts/profile.dto.js';
import type {
  Ack,
  ClientEvent,
  ClientPayload,
  ClientReplies,
  ServerEvent,
  ServerEvents,
} from '../../src/contracts/socket-events.js';
import type { Conversation, State } from '../../src/contracts/state.dto.js';
import { ORIGIN } from './deployment.js';

export const aProfile: Profile = { ageBand: '25-34', languages: ['en'], interests: [] };

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into whatever came
  body: any;
}

/** A browser that knows nothing but the contract: one cookie, one CSRF token, one socket at a time. */
export class Person {
  cookie = '';
  csrfToken = '';
  userId = '';
  socket?: Socket;
  /** Everything that the server sent on all connections, in order. */
  readonly received: { event: ServerEvent; payload: unknown }[] = [];

  /** `headers` go with every request and with the upgrade. */
  constructor(
    public url: string,
    private readonly headers: Record<string, string> = {},
  ) {}

  /** A guest, signed in but not connected. */
  static guest(url: string, profile: Partial<Profile> = {}): Promise<Person> {
    return new Person(url).becomeGuest(profile);
  }

  async becomeGuest(profile: Partial<Profile> = {}): Promise<this> {
    await this.http('GET', '/csrf');
    const answer = await this.http('POST', '/guests', { ...aProfile, ...profile, adult: true });
    if (answer.status !== 201) throw new Error(`no guest: ${answer.text}`);
    this.userId = answer.body.user.id;
    return this;
  }

  async http(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<HttpAnswer> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...(method === 'GET' ? {} : { origin: ORIGIN, 'x-csrf-token': this.csrfToken }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.headers,
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = {
      status: response.status,
      headers: response.headers,
      text,
      body: text ? JSON.parse(text) : undefined,
    };
    const [cookie] = response.headers.getSetCookie();
    if (cookie) this.cookie = cookie.split(';')[0] ?? '';
    if (answer.body?.csrfToken) this.csrfToken = answer.body.csrfToken;
    return answer;
  }

  /** As `http`; whoever is told `BUSY` comes back when told, as often as it takes. */
  async httpPatiently(method: string, path: string, body?: unknown): Promise<HttpAnswer> {
    const answer = await this.http(method, path, body);
    if (answer.body?.code !== 'BUSY') return answer;
    const seconds = Number(answer.headers.get('retry-after'));
    if (!(seconds > 0)) throw new Error(`BUSY without a time to come back: ${answer.text}`);
    await sleep(seconds * 1_000);
    return this.httpPatiently(method, path, body);
  }

  /** Opens the socket, on another process if told so. @returns the state of `session:ready` */
  async connect(url = this.url): Promise<State> {
    this.url = url;
    const socket = io(url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      auth: { csrfToken: this.csrfToken },
      extraHeaders: { cookie: this.cookie, origin: ORIGIN, ...this.headers },
    });
    this.socket = socket;
    return new Promise((resolve, reject) => {
      socket.once('connect_error', (error) => reject(error));
      socket.onAny((event: ServerEvent, payload: unknown) => {
        this.received.push({ event, payload });
        if (event === 'session:ready') resolve(payload as State);
      });
    });
  }

  /** A process's answer to one event; throws the error object of a refusal. */
  async ask<E extends ClientEvent>(event: E, payload: ClientPayload<E>): Promise<ClientReplies[E]> {
    const answer = await this.try(event, payload);
    if (!answer.ok) throw Object.assign(new Error(answer.error.code), answer.error);
    return answer.data as ClientReplies[E];
  }

  try(event: string, ...args: unknown[]): Promise<Ack<unknown>> {
    if (!this.socket) throw new Error('not connected');
    return this.socket.timeout(10_000).emitWithAck(event, ...args) as Promise<Ack<unknown>>;
  }

  say(conversationId: string, text: string, clientId = randomUUID()): Promise<ClientReplies['message:send']> {
    return this.ask('message:send', { conversationId, clientId, text });
  }

  /** The next event of that name after the first `from` received ones; waits for it. */
  async next<E extends ServerEvent>(event: E, { from = 0, ms = 10_000 } = {}): Promise<ServerEvents[E]> {
    const deadline = performance.now() + ms;
    for (;;) {
      const found = this.received.slice(from).find((r) => r.event === event);
      if (found) return found.payload as ServerEvents[E];
      if (performance.now() > deadline) throw new Error(`no ${event} within ${ms} ms`);
      await sleep(5);
    }
  }

  all<E extends ServerEvent>(event: E): ServerEvents[E][] {
    return this.received.filter((r) => r.event === event).map((r) => r.payload as ServerEvents[E]);
  }

  disconnect(): void {
    this.socket?.disconnect();
  }
}

/** Two strangers in one conversation, each on its own process where there are two. */
export async function meet(urls: string[], tag: string = randomUUID().slice(0, 8)): Promise<Meeting> {
  const [here = '', there = here] = urls;
  const people = await Promise.all([here, there].map((url) => Person.guest(url, { interests: [tag] })));
  await Promise.all(people.map((person) => person.connect()));
  await Promise.all(people.map((person) => person.ask('search:start', {})));
  const conversations = await Promise.all(people.map((person) => person.next('conversation:started')));
  const [ada, bob] = people as [Person, Person];
  const [adas, bobs] = conversations as [Conversation, Conversation];
  return { ada, bob, adas: adas.id, bobs: bobs.id };
}

export interface Meeting {
  ada: Person;
  bob: Person;
  /** Ada's handle of the conversation. */
  adas: string;
  /** Bob's handle of the same conversation. */
  bobs: string;
}

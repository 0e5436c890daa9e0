// A guest who does what the scale run asks: connects, searches, says something, comes back.
import { randomUUID } from 'node:crypto';
import { io } from 'socket.io-client';
import { Failure } from '../processes.mjs';

const answerDeadlineMs = 30_000;

export class Bot {
  #cookie = '';
  #csrfToken = '';
  #conversationId = '';

  constructor(url, origin) {
    this.url = url;
    this.origin = origin;
  }

  /** Becomes a guest. */
  async enrol() {
    await this.#ask('GET', '/csrf');
    const profile = { ageBand: '25-34', languages: ['en'], interests: [], adult: true };
    await this.#ask('POST', '/guests', profile);
  }

  /** Of the guest, for a socket that is opened by hand. */
  get credentials() {
    return { cookie: this.#cookie, csrfToken: this.#csrfToken };
  }

  async #ask(method, path, body) {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        cookie: this.#cookie,
        origin: this.origin,
        'x-csrf-token': this.#csrfToken,
        'content-type': 'application/json',
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Failure(`${method} ${path} was answered with ${response.status}`);
    this.#cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? this.#cookie;
    this.#csrfToken = (await response.json()).csrfToken;
  }

  /** Opens the socket and waits for the state; tries again as a client does. @returns ms that it took */
  async connect() {
    const began = performance.now();
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#open();
        return performance.now() - began;
      } catch (error) {
        if (tries === 20) throw new Failure(`no connection: ${error.message}`);
        await new Promise((resolve) => setTimeout(resolve, 250 + Math.random() * 500));
      }
    }
  }

  #open() {
    this.socket = io(this.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: answerDeadlineMs,
      auth: { csrfToken: this.#csrfToken },
      extraHeaders: { cookie: this.#cookie, origin: this.origin },
    });
    return new Promise((resolve, reject) => {
      this.socket.once('session:ready', resolve);
      this.socket.once('connect_error', reject);
      this.socket.once('disconnect', () => reject(new Error('closed')));
    });
  }

  /** Searches until somebody is found. @returns ms that it took */
  async meet() {
    const began = performance.now();
    const started = new Promise((resolve) => this.socket.once('conversation:started', resolve));
    await this.#emit('search:start', {});
    this.#conversationId = (await started).id;
    return performance.now() - began;
  }

  /** @returns ms until the acknowledgement */
  async say(text) {
    const began = performance.now();
    await this.#emit('message:send', { conversationId: this.#conversationId, clientId: randomUUID(), text });
    return performance.now() - began;
  }

  async #emit(event, payload) {
    const answer = await this.socket.timeout(answerDeadlineMs).emitWithAck(event, payload);
    if (!answer.ok) throw new Failure(`${event} was refused with ${answer.error.code}`);
    return answer.data;
  }

  leave() {
    this.socket?.disconnect();
  }
}

import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import { ORIGIN } from './deployment.js';

/** Why an upgrade was refused. */
export interface UpgradeRefusal {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A WebSocket that speaks Engine.IO and Socket.IO by hand: frames that no well-behaved client sends. */
export class RawSocket {
  /** Text frames of the server, in order. */
  readonly frames: string[] = [];
  /** Close code; undefined while open. */
  closeCode?: number;
  private answering = true;

  private constructor(readonly ws: WebSocket) {
    ws.on('error', () => undefined);
    ws.on('close', (code) => (this.closeCode = code));
    ws.on('message', (data, isBinary) => {
      if (isBinary) return;
      const frame = (data as Buffer).toString();
      if (frame === '2' && this.answering) this.send('3');
      else this.frames.push(frame);
    });
  }

  /** Opens the transport only: no CONNECT. Throws an `UpgradeRefusal`. */
  static open(url: string, headers: Record<string, string> = {}, options: ClientOptions = {}): Promise<RawSocket> {
    const target = `${url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const ws = new WebSocket(target, { headers: { origin: ORIGIN, ...headers }, ...options });
    const socket = new RawSocket(ws);
    return new Promise((resolve, reject) => {
      ws.once('open', () => resolve(socket));
      ws.once('error', reject);
      ws.once('unexpected-response', (_, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('close', () =>
          reject({ status: response.statusCode ?? 0, headers: response.headers, body } satisfies UpgradeRefusal),
        );
      });
    });
  }

  /** Opens and connects as the person of the cookie and token; waits for `session:ready`. */
  static async connect(
    url: string,
    { cookie, csrfToken }: { cookie: string; csrfToken: string },
    headers: Record<string, string> = {},
  ): Promise<RawSocket> {
    const socket = await RawSocket.open(url, { cookie, ...headers });
    socket.send(`40${JSON.stringify({ csrfToken })}`);
    await socket.until((frame) => frame.startsWith('42["session:ready"'));
    return socket;
  }

  send(frame: string | Uint8Array): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(frame);
  }

  /** In one piece: however late this process gets a core between two of them, the server reads them at once. */
  sendTogether(...frames: string[]): void {
    const { _socket: tcp } = this.ws as unknown as { _socket: Socket };
    tcp.cork();
    for (const frame of frames) this.send(frame);
    tcp.uncork();
  }

  /** Stops to answer pings. */
  fallSilent(): void {
    this.answering = false;
  }

  async until(matches: (frame: string) => boolean, ms = 10_000): Promise<string> {
    const deadline = performance.now() + ms;
    for (;;) {
      const found = this.frames.find(matches);
      if (found !== undefined) return found;
      if (performance.now() > deadline || this.closeCode !== undefined)
        throw new Error(`no such frame; closed: ${this.closeCode}; got ${this.frames.join(' ').slice(0, 500)}`);
      await sleep(5);
    }
  }

  /** The answer to the event that was sent with this acknowledgement id. */
  async answerTo(id: number): Promise<{ ok: boolean; data?: unknown; error?: { code: string } }> {
    const prefix = `43${id}[`;
    const frame = await this.until((f) => f.startsWith(prefix));
    return JSON.parse(frame.slice(prefix.length - 1))[0];
  }

  /** ms until the server has closed; throws when it has not within `ms`. */
  async untilClosed(ms = 10_000): Promise<number> {
    const startedAt = performance.now();
    while (this.closeCode === undefined) {
      if (performance.now() - startedAt > ms) throw new Error(`still open after ${ms} ms`);
      await sleep(5);
    }
    return performance.now() - startedAt;
  }

  close(): void {
    this.ws.terminate();
  }
}

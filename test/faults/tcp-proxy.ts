import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/**
 * pass: all goes through. refuse: nobody gets in. hole: what is sent disappears, in both directions, and nobody is told.
 * delay: everything comes later, DELAY ms if it is not said. slice: everything comes in pieces of a few bytes.
 */
export type ProxyMode = 'pass' | 'refuse' | 'hole' | 'delay' | 'slice';

/** One way (ms). */
export const DELAY = 150;

/** Largest piece (bytes): smaller than the head of any frame with a text in it. */
const PIECE = 7;

/** A network between two programs that can fail as networks do. */
export class TcpProxy {
  /** Pieces that were sent one by one, chunks that were held back. */
  disturbed = 0;
  private readonly server: Server;
  private readonly pairs = new Set<[Socket, Socket]>();
  private mode: ProxyMode = 'pass';
  /** One way (ms). */
  private delayMs = DELAY;

  private constructor(
    private readonly host: string,
    private port: number,
  ) {
    this.server = createServer({ allowHalfOpen: true }, (client) => this.accept(client));
  }

  static async before(target: URL): Promise<TcpProxy> {
    const proxy = new TcpProxy(target.hostname, Number(target.port));
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** `target` as it is reached through this proxy. */
  urlFor(target: string): string {
    const url = new URL(target);
    url.host = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return url.href.replace(/\/$/, '');
  }

  /** New connections end at another port of the same machine. */
  retarget(port: number): void {
    this.port = port;
  }

  set(mode: ProxyMode, delayMs = DELAY): void {
    this.mode = mode;
    this.delayMs = delayMs;
    for (const pair of this.pairs)
      for (const side of pair)
        if (mode === 'hole') side.pause();
        else side.resume();
    if (mode === 'refuse') this.cut();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const pair of this.pairs) for (const side of pair) side.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(client: Socket): void {
    if (this.mode === 'refuse') return void client.resetAndDestroy();
    const server = connect({ host: this.host, port: this.port, allowHalfOpen: true });
    const pair: [Socket, Socket] = [client, server];
    this.pairs.add(pair);
    this.carry(client, server);
    this.carry(server, client);
    for (const side of pair)
      side.on('close', () => {
        this.pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    if (this.mode === 'hole') for (const side of pair) side.pause();
  }

  private carry(from: Socket, to: Socket): void {
    /** What is still on its way; what comes later must not overtake it. */
    let way: Promise<void> | undefined;
    const write = (chunk: Buffer): void => {
      if (!to.write(chunk)) from.pause();
    };
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      if (this.mode !== 'delay' && this.mode !== 'slice' && !way) return write(chunk);
      const { mode } = this;
      const arrived = performance.now();
      const mine: Promise<void> = (way ?? Promise.resolve()).then(async () => {
        if (mode === 'slice') await this.slice(to, chunk);
        else {
          if (mode === 'delay') await this.holdBack(arrived);
          write(chunk);
        }
        if (way === mine) way = undefined;
      });
      way = mine;
    });
    to.on('drain', () => {
      if (this.mode !== 'hole') from.resume();
    });
    from.on('end', () => void (way ?? Promise.resolve()).then(() => to.end()));
    from.on('error', () => to.destroy());
  }

  private async holdBack(arrived: number): Promise<void> {
    this.disturbed += 1;
    const left = arrived + this.delayMs - performance.now();
    if (left > 0) await sleep(left);
  }

  private async slice(to: Socket, chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length && !to.destroyed; at += PIECE) {
      this.disturbed += 1;
      to.write(chunk.subarray(at, at + PIECE));
      await turn();
    }
  }
}

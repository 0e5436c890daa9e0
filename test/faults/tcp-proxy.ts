import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** pass: all goes through. refuse: nobody gets in. hole: what is sent disappears, in both directions, and nobody is told. */
export type ProxyMode = 'pass' | 'refuse' | 'hole';

/** A network between two programs that can fail as networks do. */
export class TcpProxy {
  private readonly server: Server;
  private readonly pairs = new Set<[Socket, Socket]>();
  private mode: ProxyMode = 'pass';

  private constructor(
    private readonly host: string,
    private readonly port: number,
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

  set(mode: ProxyMode): void {
    this.mode = mode;
    for (const [client, server] of this.pairs)
      if (mode === 'hole') for (const side of [client, server]) side.pause();
      else if (mode === 'pass') for (const side of [client, server]) side.resume();
    if (mode === 'refuse') this.cut();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const [client, server] of this.pairs) for (const side of [client, server]) side.destroy();
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
    for (const [from, to] of [pair, pair.toReversed()] as [Socket, Socket][]) {
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (this.mode === 'pass') from.resume();
      });
      from.on('end', () => to.end());
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.pairs.delete(pair);
        to.destroy();
      });
    }
    if (this.mode === 'hole') for (const side of pair) side.pause();
  }
}

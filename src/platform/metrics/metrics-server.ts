import { createServer } from 'node:http';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { HttpConfig } from '../../config/config.types.js';
import { Readiness } from '../health/readiness.js';
import { Log } from '../logging/log.js';
import { Metrics } from './metrics.js';

/** Serves `/metrics` on its own port, so that a proxy in front of the chat never exposes it; and the health, which a worker tells nowhere else. */
@Injectable()
export class MetricsServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private server?: Server;
  private readonly pages = new Map<string, RequestListener>();

  constructor(
    private readonly http: HttpConfig,
    private readonly metrics: Metrics,
    private readonly readiness: Readiness,
    private readonly log: Log,
  ) {}

  /** Lets `listener` answer everything below `/name`. Before the start; it does its own authentication. */
  serve(name: string, listener: RequestListener): void {
    this.pages.set(name, listener);
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.http.metricsPort === undefined) return;
    const server = createServer((request, response) => {
      const page = this.pages.get(request.url?.split(/[/?]/, 2)[1] ?? '');
      if (page) return page(request, response);
      this.answer(request.url ?? '', response).catch(() => response.writeHead(500).end());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.http.metricsPort, resolve);
    });
    this.server = server;
    this.log.info({ event: 'metrics.listening', port: (server.address() as AddressInfo).port });
  }

  private async answer(path: string, response: ServerResponse): Promise<void> {
    const json = { 'content-type': 'application/json' };
    if (path === '/metrics') {
      const text = await this.metrics.registry.metrics();
      response.writeHead(200, { 'content-type': this.metrics.registry.contentType }).end(text);
    } else if (path === '/health/live') response.writeHead(200, json).end('{"status":"live"}');
    else if (path === '/health/ready') {
      const report = await this.readiness.report();
      response.writeHead(report.status === 'down' ? 503 : 200, json).end(JSON.stringify(report));
    } else response.writeHead(404).end();
  }

  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }
}

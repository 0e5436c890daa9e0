import type { IncomingMessage, Server as HttpServer, RequestListener, ServerResponse } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AbstractWsAdapter } from '@nestjs/websockets';
import { GATEWAY_METADATA } from '@nestjs/websockets/constants.js';
import { Server } from 'socket.io';
import { HttpConfig, RuntimeConfig } from '../../config/config.types.js';
import { rawHeaders } from '../http/security-headers.js';
import { newRequestId } from '../request-context/request-id.js';
import { FloodGuard } from './flood.guard.js';
import { HandshakeGate } from './handshake-gate.js';
import { handlersOf } from './gateway-handlers.js';
import type { RealtimeServer } from './connection.types.js';
import { SlowConsumerGuard } from './slow-consumer.guard.js';
import { SocketEdge } from './socket-edge.js';
import type { EventHandler } from './socket-edge.js';

/** Largest frame (bytes): a text of 8 KiB, escaped, fits four times. */
const MAX_FRAME = 32 * 1_024;

/** ms; a silent half-open link is noticed within their sum. */
const PING_INTERVAL = 10_000;
const PING_TIMEOUT = 8_000;
/** ms from the transport's upgrade to the CONNECT packet. */
const CONNECT_TIMEOUT = 5_000;

/**
 * Nest's gateways on Socket.IO, without Nest's pipeline: events go through `SocketEdge` straight to the gateway's method.
 * WebSocket only, so no balancer needs stickiness.
 */
export class SocketAdapter extends AbstractWsAdapter {
  private server?: RealtimeServer;

  constructor(
    private readonly app: INestApplicationContext,
    httpServer: HttpServer,
  ) {
    super(httpServer);
  }

  /** One server for all gateways: Nest asks once per gateway and gets the same. */
  create(): RealtimeServer {
    this.server ??= this.open();
    return this.server;
  }

  /** Nest would bind each connection to each gateway, and each event to its pipeline: the edge has them all already. */
  override bindClientConnect(): void {}

  override bindMessageHandlers(): void {}

  private open(): RealtimeServer {
    const gate = this.app.get(HandshakeGate, { strict: false });
    const { environment } = this.app.get(RuntimeConfig, { strict: false });
    const { publicOrigin, allowedHosts, secure } = this.app.get(HttpConfig, { strict: false });
    const rule = { publicOrigin, allowedHosts, secure, originRequired: environment === 'production' };
    const http = this.httpServer as HttpServer;
    const listeners = http.rawListeners('request') as RequestListener[];
    const server: RealtimeServer = new Server(http, {
      path: '/socket.io',
      transports: ['websocket'],
      allowUpgrades: false,
      serveClient: false,
      allowEIO3: false,
      perMessageDeflate: false,
      httpCompression: false,
      maxHttpBufferSize: MAX_FRAME,
      pingInterval: PING_INTERVAL,
      pingTimeout: PING_TIMEOUT,
      connectTimeout: CONNECT_TIMEOUT,
      allowRequest: (request: IncomingMessage, done) => done(null, gate.admitRequest(request, rule)),
    });
    // The engine opens sockets. What is no upgrade is answered, or refused, like any other request.
    http.removeAllListeners('request');
    for (const listener of listeners) http.on('request', listener);
    server.engine.use((_: IncomingMessage, response: ServerResponse, next: () => void) => {
      for (const [name, value] of Object.entries(rawHeaders(secure))) response.setHeader(name, value);
      response.setHeader('X-Request-Id', newRequestId());
      next();
    });
    server.use((connection, next) => void gate.authenticate(connection, next));
    const [edge, handlers] = [this.app.get(SocketEdge, { strict: false }), this.gatewayHandlers()];
    server.on('connection', (connection) => edge.attach(connection, handlers));
    this.app.get(SlowConsumerGuard, { strict: false }).watch(server);
    this.app.get(FloodGuard, { strict: false }).watch(server);
    return server;
  }

  /** The methods of all gateways of the application. */
  private gatewayHandlers(): Map<string, EventHandler> {
    const providers = [...this.app.get(ModulesContainer, { strict: false }).values()].flatMap((module) => [
      ...module.providers.values(),
    ]);
    const gateways = providers.filter(({ metatype }) => metatype && Reflect.hasMetadata(GATEWAY_METADATA, metatype));
    return new Map(gateways.flatMap(({ instance }) => [...handlersOf(instance as object)]));
  }
}

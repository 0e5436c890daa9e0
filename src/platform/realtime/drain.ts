import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Readiness } from '../health/readiness.js';
import { emitBehindReady } from './behind-ready.js';
import { closeConnection } from './close-connection.js';
import { HandshakeGate } from './handshake-gate.js';
import type { RealtimeServer } from './connection.types.js';
import { SocketEdge } from './socket-edge.js';

/** Clients come back spread over this (ms): no herd on the processes that stay. */
const SPREAD = 5_000;
/** What a client gets beyond its own delay before its socket is closed (ms). */
const PATIENCE = 2_000;

/** Empties this process of sockets before it ends: nobody loses a message, and the others are not stormed. */
@Injectable()
export class Drain {
  constructor(
    private readonly readiness: Readiness,
    private readonly gate: HandshakeGate,
    private readonly edge: SocketEdge,
  ) {}

  /** Not ready, no new handshakes, everyone told when to come back elsewhere; ends when all are gone or time is up. */
  async run(server: RealtimeServer): Promise<void> {
    this.readiness.drain();
    this.gate.drain();
    for (const connection of server.sockets.sockets.values())
      emitBehindReady(connection, 'server:draining', { reconnectInMs: Math.floor(Math.random() * SPREAD) });
    const deadline = performance.now() + SPREAD + PATIENCE;
    while (server.engine.clientsCount > 0 && performance.now() < deadline) await sleep(50);
    await Promise.all(
      [...server.sockets.sockets.values()].map((connection) => closeConnection(connection, 'DRAINING')),
    );
    await this.edge.settled();
  }
}
